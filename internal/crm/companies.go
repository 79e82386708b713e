package crm

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

const entityCompany = "company"

func errNoCompany() error {
	return apperr.New(apperr.NotFound, "This company does not exist, or you may not see it.")
}

// Company returns one company that is not in the trash. Another tenant's company,
// and one outside the principal's scope, is NotFound.
func (s *Service) Company(ctx context.Context, p auth.Principal, id uuid.UUID) (Company, error) {
	c, _, err := s.companyRecord(ctx, p, id)
	return c, err
}

// CompanyRecord returns a company like Company, and whether the principal may
// change it, so that a page offers only what will be allowed.
func (s *Service) CompanyRecord(ctx context.Context, p auth.Principal, id uuid.UUID) (c Company, mayChange bool, err error) {
	c, row, err := s.companyRecord(ctx, p, id)
	return c, err == nil && p.Can(auth.CompaniesWrite) && p.MayChange(auth.Companies, row.OwnerID, row.OwnerTeamID), err
}

func (s *Service) companyRecord(ctx context.Context, p auth.Principal, id uuid.UUID) (Company, db.GetCompanyRow, error) {
	if err := p.Require(auth.CompaniesRead); err != nil {
		return Company{}, db.GetCompanyRow{}, err
	}
	row, err := readCompany(ctx, s.db.Tenant(p.TenantID), p, id)
	if err != nil {
		return Company{}, row, err
	}
	if row.DeletedAt != nil {
		return Company{}, row, errNoCompany()
	}
	c, err := companyFromRow(row)
	return c, row, err
}

// CreateCompany adds a company. Its name is unique among the tenant's living
// companies (ALREADY_EXISTS).
func (s *Service) CreateCompany(ctx context.Context, p auth.Principal, in CompanyInput) (Company, error) {
	if err := p.Require(auth.CompaniesWrite); err != nil {
		return Company{}, err
	}
	in.normalize()
	if err := in.validate(); err != nil {
		return Company{}, err
	}
	if in.OwnerID == nil {
		in.OwnerID = p.User()
	}
	return change.Do(ctx, s.write, p.Actor(), "company.create", in, func(ctx context.Context, tx *change.Tx) (Company, error) {
		id := uuid.Must(uuid.NewV7())
		if err := checkOwner(ctx, tx, p, auth.Companies, in.OwnerID); err != nil {
			return Company{}, err
		}
		if err := findParent(ctx, tx, p, &in); err != nil {
			return Company{}, err
		}
		if err := checkParent(ctx, tx, p, id, in.ParentID); err != nil {
			return Company{}, err
		}
		if err := saveCompany(ctx, tx, p, id, in); err != nil {
			return Company{}, err
		}
		return recordCompany(ctx, tx, p, id, "company.create", nil)
	})
}

// UpdateCompany changes fields of a company. version is what the caller last saw,
// nil to overwrite; an older one is a Conflict that carries the current version.
func (s *Service) UpdateCompany(ctx context.Context, p auth.Principal, id uuid.UUID, patch CompanyPatch, version *int64) (Company, error) {
	if err := p.Require(auth.CompaniesWrite); err != nil {
		return Company{}, err
	}
	input := struct {
		ID      uuid.UUID
		Patch   CompanyPatch
		Version *int64
	}{id, patch, version}
	return change.Do(ctx, s.write, p.Actor(), "company.update", input, func(ctx context.Context, tx *change.Tx) (Company, error) {
		before, err := lockCompany(ctx, tx, p, id, version)
		if err != nil {
			return Company{}, err
		}
		if before.DeletedAt != nil {
			return Company{}, errNoCompany()
		}
		return changeCompany(ctx, tx, p, before, patch)
	})
}

// changeCompany saves a company that lockCompany returned, with the patch.
func changeCompany(ctx context.Context, tx *change.Tx, p auth.Principal, before Company, patch CompanyPatch) (Company, error) {
	in := patch.apply(before)
	in.normalize()
	if err := in.validate(); err != nil {
		return Company{}, err
	}
	if err := checkMove(ctx, tx, p, before, &in); err != nil {
		return Company{}, err
	}
	if err := saveCompany(ctx, tx, p, before.ID, in); err != nil {
		return Company{}, err
	}
	return recordCompany(ctx, tx, p, before.ID, "company.update", before)
}

// checkMove checks the owner and the parent where they change.
func checkMove(ctx context.Context, tx *change.Tx, p auth.Principal, before Company, in *CompanyInput) error {
	if !sameID(in.OwnerID, before.OwnerID) {
		if err := checkOwner(ctx, tx, p, auth.Companies, in.OwnerID); err != nil {
			return err
		}
	}
	if err := findParent(ctx, tx, p, in); err != nil || sameID(in.ParentID, before.ParentID) {
		return err
	}
	return checkParent(ctx, tx, p, before.ID, in.ParentID)
}

// DeleteCompany moves a company to the trash. Its people and its parts stay; while
// it lies there they show no company and no parent.
func (s *Service) DeleteCompany(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Company, error) {
	return s.setCompanyDeleted(ctx, p, id, version, true)
}

// RestoreCompany takes a company out of the trash. If its name was given to
// another company meanwhile, that is ALREADY_EXISTS.
func (s *Service) RestoreCompany(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Company, error) {
	return s.setCompanyDeleted(ctx, p, id, version, false)
}

func (s *Service) setCompanyDeleted(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64, deleted bool) (Company, error) {
	if err := p.Require(auth.CompaniesDelete); err != nil {
		return Company{}, err
	}
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, s.write, p.Actor(), companyTrashAction(deleted), input, func(ctx context.Context, tx *change.Tx) (Company, error) {
		before, err := lockCompany(ctx, tx, p, id, version)
		if err != nil {
			return Company{}, err
		}
		if deleted == (before.DeletedAt != nil) {
			return before, nil // already so: doing it again changes nothing
		}
		return moveCompany(ctx, tx, p, before, deleted)
	})
}

// moveCompany puts a company that lockCompany returned into the trash, or takes it
// out.
func moveCompany(ctx context.Context, tx *change.Tx, p auth.Principal, before Company, deleted bool) (Company, error) {
	action := companyTrashAction(deleted)
	params := db.SetCompanyDeletedParams{TenantID: p.TenantID, ID: before.ID, Now: tx.Now}
	if deleted {
		params.DeletedAt = &tx.Now
	}
	if err := tx.Q.SetCompanyDeleted(ctx, params); err != nil {
		return Company{}, fmt.Errorf("%s: %w", action, err)
	}
	return recordCompany(ctx, tx, p, before.ID, action, before)
}

func companyTrashAction(deleted bool) string {
	if deleted {
		return "company.delete"
	}
	return "company.restore"
}

// readCompany returns a company the principal may see, in the trash or not.
func readCompany(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (db.GetCompanyRow, error) {
	row, err := q.GetCompany(ctx, db.GetCompanyParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return row, errNoCompany()
	}
	if err != nil {
		return row, fmt.Errorf("get company %s: %w", id, err)
	}
	if !p.Sees(auth.Companies, row.OwnerID, row.OwnerTeamID) {
		return row, errNoCompany()
	}
	return row, nil
}

// lockCompany holds the company for the rest of the transaction and returns it as
// it is, provided that the principal may change it and saw this version.
func lockCompany(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (Company, error) {
	_, err := tx.Q.LockCompany(ctx, db.LockCompanyParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Company{}, errNoCompany()
	}
	if err != nil {
		return Company{}, fmt.Errorf("lock company %s: %w", id, err)
	}
	row, err := readCompany(ctx, tx.Q, p, id)
	if err != nil {
		return Company{}, err
	}
	if !p.MayChange(auth.Companies, row.OwnerID, row.OwnerTeamID) {
		return Company{}, errNotYours("company", row.OwnerName)
	}
	if version != nil && *version != row.Version {
		return Company{}, errStale("company", row.Version)
	}
	return companyFromRow(row)
}

// recordCompany reads the company as it is now, writes the audit entry and returns
// it. Lists of contacts depend on the tag of the list of companies.
func recordCompany(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, before any) (Company, error) {
	row, err := tx.Q.GetCompany(ctx, db.GetCompanyParams{TenantID: p.TenantID, ID: id})
	if err != nil {
		return Company{}, fmt.Errorf("read the company back: %w", err)
	}
	c, err := companyFromRow(row)
	if err != nil {
		return Company{}, err
	}
	return c, tx.Record(ctx, change.Event{Action: action, Entity: entityCompany, EntityID: id, Before: before, After: c})
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
