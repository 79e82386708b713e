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

const entityContact = "contact"

func errNoContact() error {
	return apperr.New(apperr.NotFound, "This contact does not exist, or you may not see it.")
}

// Contact returns one contact that is not in the trash. Another tenant's contact,
// and one outside the principal's scope, is NotFound.
func (s *Service) Contact(ctx context.Context, p auth.Principal, id uuid.UUID) (Contact, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return Contact{}, err
	}
	row, err := readContact(ctx, s.db.Tenant(p.TenantID), p, id)
	if err != nil {
		return Contact{}, err
	}
	if row.DeletedAt != nil {
		return Contact{}, errNoContact()
	}
	return contactFromRow(row), nil
}

// MayChange reports whether the principal may change the contact, so that a page
// offers only what will be allowed.
func (s *Service) MayChange(ctx context.Context, p auth.Principal, id uuid.UUID) (bool, error) {
	row, err := readContact(ctx, s.db.Tenant(p.TenantID), p, id)
	if err != nil {
		return false, err
	}
	return p.Can(auth.ContactsWrite) && p.MayChange(auth.Contacts, row.OwnerID, row.OwnerTeamID), nil
}

// CreateContact adds a contact. Its e-mail is unique among the tenant's living
// contacts (ALREADY_EXISTS).
func (s *Service) CreateContact(ctx context.Context, p auth.Principal, in ContactInput) (Contact, error) {
	if err := p.Require(auth.ContactsWrite); err != nil {
		return Contact{}, err
	}
	in.normalize()
	if err := in.validate(); err != nil {
		return Contact{}, err
	}
	if in.OwnerID == nil {
		in.OwnerID = p.User()
	}
	return change.Do(ctx, s.write, p.Actor(), "contact.create", in, func(ctx context.Context, tx *change.Tx) (Contact, error) {
		if err := checkOwner(ctx, tx, p, auth.Contacts, in.OwnerID); err != nil {
			return Contact{}, err
		}
		id := uuid.Must(uuid.NewV7())
		if err := saveContact(ctx, tx, p, id, in); err != nil {
			return Contact{}, err
		}
		return recordContact(ctx, tx, p, id, "contact.create", nil)
	})
}

// changeContact saves a contact that lockContact returned, with the patch.
func changeContact(ctx context.Context, tx *change.Tx, p auth.Principal, before Contact, patch ContactPatch) (Contact, error) {
	return replaceContact(ctx, tx, p, before, normalized(patch, before))
}

// replaceContact saves a contact that lockContact returned as in says, which is
// normalised.
func replaceContact(ctx context.Context, tx *change.Tx, p auth.Principal, before Contact, in ContactInput) (Contact, error) {
	if err := in.validate(); err != nil {
		return Contact{}, err
	}
	if !sameID(in.OwnerID, before.OwnerID) {
		if err := checkOwner(ctx, tx, p, auth.Contacts, in.OwnerID); err != nil {
			return Contact{}, err
		}
	}
	if err := saveContact(ctx, tx, p, before.ID, in); err != nil {
		return Contact{}, err
	}
	return recordContact(ctx, tx, p, before.ID, "contact.update", before)
}

// DeleteContact moves a contact to the trash.
func (s *Service) DeleteContact(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Contact, error) {
	return s.setDeleted(ctx, p, id, version, true)
}

// RestoreContact takes a contact out of the trash. If its e-mail was given to
// another contact meanwhile, that is ALREADY_EXISTS.
func (s *Service) RestoreContact(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Contact, error) {
	return s.setDeleted(ctx, p, id, version, false)
}

func (s *Service) setDeleted(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64, deleted bool) (Contact, error) {
	if err := p.Require(auth.ContactsDelete); err != nil {
		return Contact{}, err
	}
	action := trashAction(deleted)
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, s.write, p.Actor(), action, input, func(ctx context.Context, tx *change.Tx) (Contact, error) {
		before, err := lockContact(ctx, tx, p, id, version)
		if err != nil {
			return Contact{}, err
		}
		if deleted == (before.DeletedAt != nil) {
			return before, nil // already so: doing it again changes nothing
		}
		return moveContact(ctx, tx, p, before, deleted)
	})
}

// moveContact puts a contact that lockContact returned into the trash, or takes it
// out.
func moveContact(ctx context.Context, tx *change.Tx, p auth.Principal, before Contact, deleted bool) (Contact, error) {
	action := trashAction(deleted)
	params := db.SetContactDeletedParams{TenantID: p.TenantID, ID: before.ID, Now: tx.Now}
	if deleted {
		params.DeletedAt = &tx.Now
	}
	if err := tx.Q.SetContactDeleted(ctx, params); err != nil {
		return Contact{}, fmt.Errorf("%s: %w", action, err)
	}
	return recordContact(ctx, tx, p, before.ID, action, before)
}

func trashAction(deleted bool) string {
	if deleted {
		return "contact.delete"
	}
	return "contact.restore"
}

// readContact returns a contact the principal may see, in the trash or not.
func readContact(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (db.GetContactRow, error) {
	row, err := q.GetContact(ctx, db.GetContactParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return row, errNoContact()
	}
	if err != nil {
		return row, fmt.Errorf("get contact %s: %w", id, err)
	}
	if !p.Sees(auth.Contacts, row.OwnerID, row.OwnerTeamID) {
		return row, errNoContact()
	}
	return row, nil
}

// lockContact holds the contact for the rest of the transaction and returns it as
// it is, provided that the principal may change it and saw this version.
func lockContact(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (Contact, error) {
	_, err := tx.Q.LockContact(ctx, db.LockContactParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Contact{}, errNoContact()
	}
	if err != nil {
		return Contact{}, fmt.Errorf("lock contact %s: %w", id, err)
	}
	row, err := readContact(ctx, tx.Q, p, id)
	if err != nil {
		return Contact{}, err
	}
	if !p.MayChange(auth.Contacts, row.OwnerID, row.OwnerTeamID) {
		return Contact{}, errNotYours("contact", row.OwnerName)
	}
	if version != nil && *version != row.Version {
		return Contact{}, errStale("contact", row.Version)
	}
	return contactFromRow(row), nil
}

// recordContact reads the contact as it is now, writes the audit entry and returns
// it.
func recordContact(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, before any) (Contact, error) {
	row, err := tx.Q.GetContact(ctx, db.GetContactParams{TenantID: p.TenantID, ID: id})
	if err != nil {
		return Contact{}, fmt.Errorf("read the contact back: %w", err)
	}
	c := contactFromRow(row)
	return c, tx.Record(ctx, change.Event{Action: action, Entity: entityContact, EntityID: id, Before: before, After: c})
}

// saveContact makes the contact with this id, or changes it.
func saveContact(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, in ContactInput) error {
	company := in.known
	if in.known == nil || in.Company != in.knownName {
		var err error
		if company, err = ensureCompany(ctx, tx, p, in.Company); err != nil {
			return err
		}
	}
	followUp, err := in.followUp()
	if err != nil {
		return err
	}
	if err := in.checkContacted(tx.Now); err != nil {
		return err
	}
	if err := ensureTags(ctx, tx, in.Tags); err != nil {
		return err
	}
	err = tx.Q.SaveContact(ctx, db.SaveContactParams{
		TenantID: p.TenantID, ID: id, FirstName: in.FirstName, LastName: in.LastName, Email: in.Email, Phone: in.Phone, CompanyID: company,
		JobTitle: in.JobTitle, Source: in.Source, Address: in.Address, Gstin: in.GSTIN, Notes: in.Notes, Tags: in.Tags, Stage: in.Stage,
		Status: in.Status, Warmth: in.Warmth, LeadScore: int32(in.LeadScore), LastContactedAt: in.LastContactedAt, NextFollowUp: followUp, OwnerID: in.OwnerID, Now: tx.Now,
	})
	if err != nil {
		return fmt.Errorf("save the contact: %w", err)
	}
	return nil
}
