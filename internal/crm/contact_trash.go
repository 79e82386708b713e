package crm

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// DeletedContacts returns one page of the contacts in the trash that the principal
// sees, those deleted last first. Total is not counted.
func (s *Service) DeletedContacts(ctx context.Context, p auth.Principal, cursor string, limit int) (ContactPage, error) {
	if err := p.Require(auth.ContactsDelete); err != nil {
		return ContactPage{}, err
	}
	page, err := contactList.Trash(ctx, s.source(), s.reader(p, auth.Contacts), cursor, limit)
	return ContactPage{Contacts: page.Items, Prev: page.Prev, Next: page.Next}, err
}

// DeletedContact returns a contact that lies in the trash.
func (s *Service) DeletedContact(ctx context.Context, p auth.Principal, id uuid.UUID) (Contact, error) {
	if err := p.Require(auth.ContactsDelete); err != nil {
		return Contact{}, err
	}
	row, err := readContact(ctx, s.db.Tenant(p.TenantID), p, id)
	if err != nil {
		return Contact{}, err
	}
	if row.DeletedAt == nil {
		return Contact{}, errNoContact()
	}
	return contactFromRow(row), nil
}

// RestoreContactAs takes a contact out of the trash with another e-mail, "" for
// none, where its own belongs to somebody else by now.
func (s *Service) RestoreContactAs(ctx context.Context, p auth.Principal, id uuid.UUID, email string) (Contact, error) {
	if err := p.Require(auth.ContactsDelete); err != nil {
		return Contact{}, err
	}
	input := struct {
		ID    uuid.UUID
		Email string
	}{id, email}
	return change.Do(ctx, s.write, p.Actor(), "contact.restore", input, func(ctx context.Context, tx *change.Tx) (Contact, error) {
		before, err := lockContact(ctx, tx, p, id, nil)
		if err != nil {
			return Contact{}, err
		}
		if before.DeletedAt == nil {
			return Contact{}, apperr.New(apperr.BusinessRule, "This contact is not in the trash any more.")
		}
		in := normalized(ContactPatch{Email: &email}, before)
		if err := in.validate(); err != nil {
			return Contact{}, err
		}
		if err := saveContact(ctx, tx, p, id, in); err != nil {
			return Contact{}, err
		}
		if err := tx.Q.SetContactDeleted(ctx, db.SetContactDeletedParams{TenantID: p.TenantID, ID: id, Now: tx.Now}); err != nil {
			return Contact{}, fmt.Errorf("restore the contact: %w", err)
		}
		return recordContact(ctx, tx, p, id, "contact.restore", before)
	})
}
