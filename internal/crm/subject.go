package crm

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// Subject is a record on which entities of higher areas hang, as far as these need
// to know it: activities and tasks are of contacts and companies.
type Subject struct {
	ID        uuid.UUID
	Name      string
	CompanyID *uuid.UUID // of a contact
}

// SubjectContact returns a contact that is not in the trash and that the principal
// sees, by the queries of the caller; every other one is NotFound.
func SubjectContact(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (Subject, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return Subject{}, err
	}
	row, _, err := contactKind.seen(ctx, q, p, id)
	if err != nil {
		return Subject{}, err
	}
	if row.DeletedAt != nil {
		return Subject{}, contactKind.missing()
	}
	return Subject{ID: row.ID, Name: row.Name, CompanyID: row.CompanyID}, nil
}

// SubjectCompany is SubjectContact for a company.
func SubjectCompany(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (Subject, error) {
	if err := p.Require(auth.CompaniesRead); err != nil {
		return Subject{}, err
	}
	row, _, err := companyKind.seen(ctx, q, p, id)
	if err != nil {
		return Subject{}, err
	}
	if row.DeletedAt != nil {
		return Subject{}, companyKind.missing()
	}
	return Subject{ID: row.ID, Name: row.Name}, nil
}

// KeepLastContacted writes down when the contact was last contacted, which latest
// tells (nil: never), in the transaction that changes it. The contact is held
// first, so that of two such writes the second knows what the first has done.
func KeepLastContacted(ctx context.Context, tx *change.Tx, tenant, contact uuid.UUID, latest func(context.Context) (*time.Time, error)) error {
	before, err := tx.Q.LockContactForContacted(ctx, db.LockContactForContactedParams{TenantID: tenant, ID: contact})
	if err != nil {
		return fmt.Errorf("lock contact %s: %w", contact, err)
	}
	at, err := latest(ctx)
	if err != nil || (at == nil) == (before == nil) && (at == nil || at.Equal(*before)) {
		return err
	}
	err = tx.Q.SetContactLastContacted(ctx, db.SetContactLastContactedParams{TenantID: tenant, ID: contact, LastContactedAt: at})
	if err != nil {
		return fmt.Errorf("keep when contact %s was last contacted: %w", contact, err)
	}
	tx.Tag(tagContact(contact), tagContactList)
	return nil
}
