package crm

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// Company is a company by name, as a picker shows it.
type Company struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// SuggestCompanies returns up to 20 companies whose name holds q.
func (s *Service) SuggestCompanies(ctx context.Context, p auth.Principal, q string) ([]Company, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return nil, err
	}
	var bad apperr.Fields
	bad.Check(utf8.RuneCountInString(q) <= maxShort && printable(q), "q", "Search for at most 200 characters.")
	if err := bad.Err(); err != nil {
		return nil, err
	}
	rows, err := s.db.Tenant(p.TenantID).SuggestCompanies(ctx, db.SuggestCompaniesParams{TenantID: p.TenantID, Pattern: likePattern(q)})
	if err != nil {
		return nil, fmt.Errorf("suggest companies: %w", err)
	}
	out := make([]Company, len(rows))
	for i, r := range rows {
		out[i] = Company{ID: r.ID, Name: r.Name}
	}
	return out, nil
}

// ensureCompany finds or makes the company of that name; nil for "".
func ensureCompany(ctx context.Context, tx *change.Tx, p auth.Principal, name string) (*uuid.UUID, error) {
	if name == "" {
		return nil, nil
	}
	row, err := tx.Q.FindOrInsertCompany(ctx, db.FindOrInsertCompanyParams{
		TenantID: p.TenantID, ID: uuid.Must(uuid.NewV7()), Name: name, OwnerID: p.User(), Now: tx.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("find or make the company: %w", err)
	}
	if row.Inserted {
		tx.Tag(tagCompanyList)
		err = tx.Record(ctx, change.Event{Action: "company.create", Entity: "company", EntityID: row.ID, After: Company{ID: row.ID, Name: row.Name}})
	}
	return &row.ID, err
}

// likePattern returns a LIKE pattern, in lower case, for texts that hold q.
func likePattern(q string) string {
	q = strings.ToLower(strings.Join(strings.Fields(q), " "))
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(q) + "%"
}
