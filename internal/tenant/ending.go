package tenant

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/mail"
)

// Confirmation is what an owner types before something that cannot be taken back.
type Confirmation struct {
	Name     string // of the business
	Password string // the owner's
}

// HandOverLetter writes the mail about a business that changed hands: to whom,
// their name, the business, and who it came from and went to.
type HandOverLetter func(to, name, business, from, heir string) (mail.Message, error)

// CloseLetter writes the mail about a business that was closed: to whom, their
// name, the business, who closed it, and until when it can be opened again.
type CloseLetter func(to, name, business, by string, until time.Time) (mail.Message, error)

// HandOver makes another member the owner and the principal, an owner, an
// administrator. Both get a letter. It answers Validation for the fields
// successorId, name and password.
func (s *Settings) HandOver(ctx context.Context, p auth.Principal, successor uuid.UUID, typed Confirmation, letter HandOverLetter) error {
	if err := s.confirm(ctx, p, typed); err != nil {
		return err
	}
	_, err := change.Do(ctx, s.write, unrepeated(p), "tenant.hand_over", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		heir, err := s.people.TransferOwnership(ctx, tx, p, successor)
		if err != nil {
			return struct{}{}, err
		}
		for _, to := range []struct{ email, name string }{{p.Email, p.Name}, {heir.Email, heir.Name}} {
			if err := send(ctx, tx)(letter(to.email, to.name, p.TenantName, p.Name, heir.Name)); err != nil {
				return struct{}{}, err
			}
		}
		tx.Tag(Tag)
		owner := func(id uuid.UUID, name string) any { return map[string]any{"ownerId": id, "owner": name} }
		return struct{}{}, tx.Record(ctx, change.Event{
			Action: "tenant.hand_over", Entity: entityTenant, EntityID: p.TenantID, Before: owner(p.UserID, p.Name), After: owner(heir.ID, heir.Name),
		})
	})
	return err
}

// Close ends the principal's business: from the next request on its people and keys
// are refused. Owners and administrators get a letter. It returns another business
// of the principal's, uuid.Nil for none, and answers Validation for the fields name
// and password.
func (s *Settings) Close(ctx context.Context, p auth.Principal, typed Confirmation, letter CloseLetter) (next uuid.UUID, err error) {
	if err := s.confirm(ctx, p, typed); err != nil {
		return uuid.Nil, err
	}
	if next, err = s.people.OtherHome(ctx, p); err != nil {
		return uuid.Nil, err
	}
	if p.PlatformAdmin && next == uuid.Nil {
		return uuid.Nil, apperr.New(apperr.BusinessRule, "You administer this installation and belong to no other business: you would lock yourself out. Join another one first.")
	}
	_, err = change.Do(ctx, s.write, unrepeated(p), "tenant.close", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if err := SetStatus(ctx, tx, Closed); err != nil {
			return struct{}{}, err
		}
		people, err := tx.Q.ListAdministrators(ctx, p.TenantID)
		if err != nil {
			return struct{}{}, fmt.Errorf("list administrators: %w", err)
		}
		for _, to := range people {
			if err := send(ctx, tx)(letter(to.Email, to.Name, p.TenantName, p.Name, ReopenUntil(tx.Now))); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return next, err
}

// confirm makes sure that an owner means it.
func (s *Settings) confirm(ctx context.Context, p auth.Principal, typed Confirmation) error {
	if err := p.Require(auth.BusinessDelete); err != nil {
		return err
	}
	var f apperr.Fields
	f.Check(strings.TrimSpace(typed.Name) == p.TenantName, "name", "This is not the name of the business. Type "+p.TenantName+".")
	if err := f.Err(); err != nil {
		return err
	}
	return s.people.ConfirmPassword(ctx, p, "password", typed.Password)
}

// unrepeated is the principal as actor without an idempotency key: a fingerprint
// of what was typed is kept nowhere.
func unrepeated(p auth.Principal) change.Actor {
	a := p.Actor()
	a.IdempotencyKey = ""
	return a
}

// send takes what a letter returns.
func send(ctx context.Context, tx *change.Tx) func(mail.Message, error) error {
	return func(m mail.Message, err error) error {
		if err != nil {
			return fmt.Errorf("write the mail: %w", err)
		}
		return mail.Enqueue(ctx, tx, m)
	}
}
