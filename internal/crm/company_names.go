package crm

import (
	"context"
	"fmt"
	"slices"

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
		_, err = companyKind.tell(ctx, tx, p, row.ID, "company.create", nil)
	}
	return &row.ID, err
}

// CompaniesOf names the companies of contacts, each once.
func CompaniesOf(contacts []Contact) []uuid.UUID {
	var ids []uuid.UUID
	for _, c := range contacts {
		if c.CompanyID != nil && !slices.Contains(ids, *c.CompanyID) {
			ids = append(ids, *c.CompanyID)
		}
	}
	return ids
}

// OpenCompanies returns those of the companies that the principal may open, so that
// a page links no name that leads nowhere.
func (s *Service) OpenCompanies(ctx context.Context, p auth.Principal, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
	if len(ids) == 0 || !p.Can(auth.CompaniesRead) {
		return nil, nil
	}
	r := s.reader(p, auth.Companies)
	open := make(map[uuid.UUID]bool, len(ids))
	if r.Only.SQL == "" { // all of them; one in the trash has no name to link
		for _, id := range ids {
			open[id] = true
		}
		return open, nil
	}
	seen, err := companyList.Few(ctx, s.source(), r, listing.Condition{SQL: "c.id = ANY(?)", Args: []any{ids}}, len(ids))
	for _, c := range seen {
		open[c.ID] = true
	}
	return open, err
}
