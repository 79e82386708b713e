package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/change"
)

const entityCompany = "company"

// companyKind is companies among the kinds of record.
var companyKind = &kind[Company, CompanyInput, CompanyPatch]{
	entity: auth.Companies, one: entityCompany, read: auth.CompaniesRead, write: auth.CompaniesWrite, remove: auth.CompaniesDelete,
	list: companyList, rules: companyRules{},
}

// Company returns one company that is not in the trash.
func (s *Service) Company(ctx context.Context, p auth.Principal, id uuid.UUID) (Company, error) {
	c, _, err := s.CompanyRecords().Read(ctx, p, id)
	return c, err
}

// CreateCompany adds a company. Its name is unique among the tenant's living
// companies (ALREADY_EXISTS).
func (s *Service) CreateCompany(ctx context.Context, p auth.Principal, in CompanyInput) (Company, error) {
	return s.CompanyRecords().Create(ctx, p, in)
}

// UpdateCompany changes fields of a company, like Records.Update.
func (s *Service) UpdateCompany(ctx context.Context, p auth.Principal, id uuid.UUID, patch CompanyPatch, version *int64) (Company, error) {
	return s.CompanyRecords().Update(ctx, p, id, patch, version)
}

// DeleteCompany moves a company to the trash. Its people and its parts stay; while
// it lies there they show no company and no parent.
func (s *Service) DeleteCompany(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Company, error) {
	return s.CompanyRecords().Delete(ctx, p, id, version)
}

// RestoreCompany takes a company out of the trash. If its name was given to
// another company meanwhile, that is ALREADY_EXISTS.
func (s *Service) RestoreCompany(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Company, error) {
	return s.CompanyRecords().Restore(ctx, p, id, version)
}

// companyRules are the rules of companies.
type companyRules struct{}

func (companyRules) get(ctx context.Context, q *db.Queries, tenant, id uuid.UUID) (Company, *uuid.UUID, error) {
	row, err := q.GetCompany(ctx, db.GetCompanyParams{TenantID: tenant, ID: id})
	if err != nil {
		return Company{}, nil, err
	}
	c, err := companyFromRow(row)
	return c, row.OwnerTeamID, err
}

// lock leaves the key alone: others may still refer to it.
func (companyRules) lock(ctx context.Context, q *db.Queries, tenant, id uuid.UUID) error {
	_, err := q.LockCompany(ctx, db.LockCompanyParams{TenantID: tenant, ID: id})
	return err
}

func (companyRules) input(patch CompanyPatch, c Company) CompanyInput {
	in := patch.apply(c)
	in.normalize()
	return in
}

func (companyRules) clean(in *CompanyInput) error {
	in.normalize()
	return in.validate()
}

// settle gives the input the id of the parent that it names.
func (companyRules) settle(ctx context.Context, tx *change.Tx, p auth.Principal, in *CompanyInput) error {
	return findParent(ctx, tx, p, in)
}

func (companyRules) owner(in *CompanyInput) **uuid.UUID { return &in.OwnerID }

// save checks a parent that is new.
func (companyRules) save(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, before *Company, in CompanyInput) error {
	if before == nil || !sameID(in.ParentID, before.ParentID) {
		if err := checkParent(ctx, tx, p, id, in.ParentID); err != nil {
			return err
		}
	}
	return saveCompany(ctx, tx, p, id, in)
}

func (companyRules) setDeleted(ctx context.Context, tx *change.Tx, id uuid.UUID, at *time.Time) error {
	return tx.Q.SetCompanyDeleted(ctx, db.SetCompanyDeletedParams{TenantID: tx.Actor.TenantID, ID: id, DeletedAt: at, Now: tx.Now})
}

func (companyRules) similar(ctx context.Context, q *db.Queries, tenant uuid.UUID, ask DuplicateQuery) ([]likeness, error) {
	rows, err := q.FindCompanyDuplicates(ctx, db.FindCompanyDuplicatesParams{
		TenantID: tenant, Name: ask.Name, Email: ask.Email, Phone: ask.Phone, Gstin: ask.GSTIN, Site: site(ask.Website), ExceptID: ask.Of,
	})
	out := make([]likeness, len(rows))
	for i, r := range rows {
		out[i] = likeness(r)
	}
	return out, err
}

func (companyRules) known(c Company) DuplicateQuery {
	return DuplicateQuery{Name: c.Name, Email: c.Email, Phone: c.Phone, GSTIN: c.GSTIN, Website: c.Website}
}

// site is a website as companies.site holds it: without its scheme, www. and what
// stands behind the path.
func site(website string) string {
	_, rest, _ := strings.Cut(strings.ToLower(website), "://")
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimRight(strings.TrimPrefix(rest, "www."), "/")
}

// saveCompany makes the company with this id, or changes it.
func saveCompany(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, in CompanyInput) error {
	places, err := json.Marshal(in.Addresses)
	if err != nil {
		return fmt.Errorf("save the company: %w", err)
	}
	params := db.SaveCompanyParams{
		TenantID: p.TenantID, ID: id, Name: in.Name, ParentID: in.ParentID, Type: in.Type, Industry: in.Industry, AnnualRevenue: in.AnnualRevenue,
		Website: in.Website, Phone: in.Phone, Email: in.Email, Gstin: in.GSTIN, Tags: in.Tags, Notes: in.Notes, Addresses: places, OwnerID: in.OwnerID, Now: tx.Now,
	}
	if in.Employees != nil {
		n := int32(*in.Employees) // bounded by validate
		params.Employees = &n
	}
	if err := ensureTags(ctx, tx, in.Tags); err != nil {
		return err
	}
	if err := tx.Q.SaveCompany(ctx, params); err != nil {
		return fmt.Errorf("save the company: %w", err)
	}
	return nil
}
