package crm

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/listing"
)

// SuggestCompanies returns up to 20 names of companies for a picker. Everybody who
// sees contacts or companies is told every name: otherwise people would make a
// company again that exists.
func (s *Service) SuggestCompanies(ctx context.Context, p auth.Principal, q string) ([]string, error) {
	if !p.Can(auth.CompaniesRead) {
		if err := p.Require(auth.ContactsRead); err != nil {
			return nil, err
		}
	}
	r := s.reader(p, auth.Companies)
	r.Scope, r.Only = "all", listing.Condition{}
	page, err := companyList.Page(ctx, s.source(), r, listing.Query{Text: q, Limit: 20})
	if err != nil {
		return nil, err
	}
	names := make([]string, len(page.Items))
	for i, c := range page.Items {
		names[i] = c.Name
	}
	return names, nil
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
		_, err = recordCompany(ctx, tx, p, row.ID, "company.create", nil)
	}
	return &row.ID, err
}
