// Package factor knows what people prove who they are with besides their password:
// authenticator apps, recovery codes and passkeys. It also holds the rule of a
// business that everybody needs one.
//
// Passwords and the rest of signing in belong to auth; which browser waits for a
// second factor is kept by handlers/mw, and how often somebody may try is limited
// there.
package factor

import (
	"context"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/secret"
)

const entityUser = "user"

// Service holds the use cases about second factors.
type Service struct {
	db    *db.DB
	write *change.Writer
	auth  *auth.Service
	box   *secret.Box
	party *webauthn.WebAuthn // nil where passkeys cannot work
	now   func() time.Time
}

// Options are what the installation gives a Service.
type Options struct {
	SecretKey string // with another one authenticator apps and recovery codes must be reset
	BaseURL   string // the address people use; passkeys are bound to its host
}

// New returns a Service.
func New(w *change.Writer, a *auth.Service, o Options) (*Service, error) {
	box, err := secret.NewBox(o.SecretKey, "second factors")
	if err != nil {
		return nil, err
	}
	party, err := newRelyingParty(o.BaseURL)
	if err != nil {
		return nil, err
	}
	return &Service{db: w.DB, write: w, auth: a, box: box, party: party, now: w.Now}, nil
}

// State tells which factors a person has.
type State struct {
	AuthenticatorSince *time.Time // nil without an authenticator app
	Passkeys           int
	RecoveryCodes      int // that are still unused
}

// Any reports whether signing in with the password asks for a second factor.
func (s State) Any() bool { return s.AuthenticatorSince != nil || s.Passkeys > 0 }

// Of returns the factors of a person. Ask for them only on behalf of the person,
// after a right password, or of an administrator.
func (s *Service) Of(ctx context.Context, user uuid.UUID) (State, error) {
	return read(ctx, s.db.Global(), user)
}

func read(ctx context.Context, q *db.Queries, user uuid.UUID) (State, error) {
	row, err := q.GetSecondFactors(ctx, user)
	if err != nil {
		return State{}, fmt.Errorf("look for second factors: %w", err)
	}
	return State{AuthenticatorSince: row.TotpSince, Passkeys: int(row.Passkeys), RecoveryCodes: int(row.RecoveryCodes)}, nil
}

// change runs a use case of the person themselves. It holds the person, so that
// what they do in two tabs happens one after the other. Its outcome is never
// replayed: secrets must not be kept under an idempotency key.
func (s *Service) change(ctx context.Context, p auth.Principal, action string, fn func(ctx context.Context, tx *change.Tx) error) error {
	if p.IsKey() {
		return apperr.New(apperr.NoPermission, "Only people have second factors.")
	}
	actor := p.Actor()
	actor.IdempotencyKey = ""
	_, err := change.Do(ctx, s.write, actor, action, nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if _, err := tx.Q.LockAccount(ctx, p.UserID); err != nil {
			return struct{}{}, fmt.Errorf("hold the account: %w", err)
		}
		if err := fn(ctx, tx); err != nil {
			return struct{}{}, err
		}
		if err := auth.TagEverywhere(ctx, tx, p.UserID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.Record(ctx, change.Event{Action: action, Entity: entityUser, EntityID: p.UserID})
	})
	return err
}
