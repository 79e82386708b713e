package crm

import (
	"context"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/change"
	"payaid/internal/listing"
)

// BulkType is the bulk action that only companies have.
const BulkType = "set-type"

// companyBulk is what bulk actions do to companies in their own way.
type companyBulk struct{}

func (companyBulk) entity() string { return auth.Companies }
func (companyBulk) errGone() error { return companyKind.missing() }

func (companyBulk) rights() (read, write, remove auth.Right) {
	return auth.CompaniesRead, auth.CompaniesWrite, auth.CompaniesDelete
}

func (companyBulk) choice(action string) (bulkChoice, bool) {
	if action != BulkType {
		return bulkChoice{}, false
	}
	return bulkChoice{"type", CompanyTypes, func(v *bulk.Value) *string { return &v.Type }, func(f *bulkFields) **string { return &f.Type }}, true
}

func (companyBulk) refuse(q listing.Query) error {
	_, err := companyList.Canonical(q)
	return err
}

func (companyBulk) slice(ctx context.Context, s *Service, p auth.Principal, q listing.Query, limit int) ([]uuid.UUID, string, error) {
	return sliceIDs(ctx, companyList, s.source(), s.reader(p, auth.Companies), q, limit, func(c Company) uuid.UUID { return c.ID })
}

func (companyBulk) lock(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (bulkRecord, error) {
	c, err := companyKind.hold(ctx, tx, p, id, version)
	return companyInBulk{c}, err
}

// companyInBulk implements bulkRecord.
type companyInBulk struct{ Company }

func (c companyInBulk) fields() bulkFields {
	owner, deleted := ownerOrNobody(c.OwnerID), c.DeletedAt != nil
	return bulkFields{OwnerID: &owner, Tags: &c.Tags, Type: &c.Type, Deleted: &deleted}
}

func (c companyInBulk) change(ctx context.Context, tx *change.Tx, p auth.Principal, f bulkFields) (int64, error) {
	after, err := companyKind.change(ctx, tx, p, c.Company, CompanyPatch{OwnerID: f.OwnerID, Tags: f.Tags, Type: f.Type})
	return after.Version, err
}

func (c companyInBulk) move(ctx context.Context, tx *change.Tx, p auth.Principal, deleted bool) (int64, error) {
	after, err := companyKind.move(ctx, tx, p, c.Company, deleted)
	return after.Version, err
}
