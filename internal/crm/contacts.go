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

const entityContact = "contact"

// contactKind is contacts among the kinds of record.
var contactKind = &kind[Contact, ContactInput, ContactPatch]{
	entity: auth.Contacts, one: entityContact, read: auth.ContactsRead, write: auth.ContactsWrite, remove: auth.ContactsDelete,
	list: contactList, rules: contactRules{},
}

// Contact returns one contact that is not in the trash.
func (s *Service) Contact(ctx context.Context, p auth.Principal, id uuid.UUID) (Contact, error) {
	c, _, err := s.ContactRecords().Read(ctx, p, id)
	return c, err
}

// CreateContact adds a contact. Its e-mail is unique among the tenant's living
// contacts (ALREADY_EXISTS).
func (s *Service) CreateContact(ctx context.Context, p auth.Principal, in ContactInput) (Contact, error) {
	return s.ContactRecords().Create(ctx, p, in)
}

// UpdateContact changes fields of a contact, like Records.Update.
func (s *Service) UpdateContact(ctx context.Context, p auth.Principal, id uuid.UUID, patch ContactPatch, version *int64) (Contact, error) {
	return s.ContactRecords().Update(ctx, p, id, patch, version)
}

// DeleteContact moves a contact to the trash.
func (s *Service) DeleteContact(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Contact, error) {
	return s.ContactRecords().Delete(ctx, p, id, version)
}

// RestoreContact takes a contact out of the trash. If its e-mail was given to
// another contact meanwhile, that is ALREADY_EXISTS.
func (s *Service) RestoreContact(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Contact, error) {
	return s.ContactRecords().Restore(ctx, p, id, version)
}

// contactRules are the rules of contacts.
type contactRules struct{}

func (contactRules) get(ctx context.Context, q *db.Queries, tenant, id uuid.UUID) (Contact, *uuid.UUID, error) {
	row, err := q.GetContact(ctx, db.GetContactParams{TenantID: tenant, ID: id})
	return contactFromRow(row), row.OwnerTeamID, err
}

func (contactRules) lock(ctx context.Context, q *db.Queries, tenant, id uuid.UUID) error {
	_, err := q.LockContact(ctx, db.LockContactParams{TenantID: tenant, ID: id})
	return err
}

func (contactRules) input(patch ContactPatch, c Contact) ContactInput {
	in := patch.apply(c)
	in.normalize()
	return in
}

func (contactRules) clean(in *ContactInput) error {
	in.normalize()
	return in.validate()
}

// settle has nothing to do: a company is made with the contact that names it.
func (contactRules) settle(context.Context, *change.Tx, auth.Principal, *ContactInput) error {
	return nil
}

func (contactRules) owner(in *ContactInput) **uuid.UUID { return &in.OwnerID }

func (contactRules) save(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, _ *Contact, in ContactInput) error {
	return saveContact(ctx, tx, p, id, in)
}

func (contactRules) setDeleted(ctx context.Context, tx *change.Tx, id uuid.UUID, at *time.Time) error {
	return tx.Q.SetContactDeleted(ctx, db.SetContactDeletedParams{TenantID: tx.Actor.TenantID, ID: id, DeletedAt: at, Now: tx.Now})
}

func (contactRules) similar(ctx context.Context, q *db.Queries, tenant uuid.UUID, ask DuplicateQuery) ([]likeness, error) {
	return q.FindContactDuplicates(ctx, db.FindContactDuplicatesParams{TenantID: tenant, Email: ask.Email, Phone: ask.Phone, Gstin: ask.GSTIN, ExceptID: ask.Of})
}

func (contactRules) known(c Contact) DuplicateQuery {
	return DuplicateQuery{Email: c.Email, Phone: c.Phone, GSTIN: c.GSTIN}
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
