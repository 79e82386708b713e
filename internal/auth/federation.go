package auth

import (
	"context"
	"errors"
	"fmt"
	stdmail "net/mail"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
	"payaid/internal/mail"
	"payaid/internal/oidc"
)

// LinkLetter writes the mail that tells somebody that their account can now be
// opened by a provider: to whom, their name, and the provider's name.
type LinkLetter func(to, name, provider string) (mail.Message, error)

// Federation signs people in by the OpenID Provider that the operator trusts. It
// makes no accounts: whoever comes has one, or is refused.
type Federation struct {
	auth     *Service
	provider *oidc.Provider
	letter   LinkLetter
}

// Federate returns the sign-in by p.
func (s *Service) Federate(p *oidc.Provider, l LinkLetter) *Federation {
	return &Federation{auth: s, provider: p, letter: l}
}

// Name is what people call the provider.
func (f *Federation) Name() string { return f.provider.Name() }

// Begin returns what must be remembered of a sign-in and the address at the
// provider to send the person to. It answers Unavailable while the provider does
// not answer.
func (f *Federation) Begin(ctx context.Context, r Request) (oidc.Attempt, string, error) {
	a, address, err := f.provider.Begin(ctx)
	if err != nil {
		return oidc.Attempt{}, "", f.explain(ctx, r, err)
	}
	return a, address, nil
}

// Finish signs in whom the provider vouches for in its reply to the attempt. The
// first time somebody comes their account is found by the e-mail, which the
// provider must have verified, and linked with the identity there; from then on it
// is found by that identity, whatever their e-mail is.
func (f *Federation) Finish(ctx context.Context, a oidc.Attempt, reply oidc.Reply, r Request) (SignedIn, error) {
	id, err := f.provider.Finish(ctx, a, reply)
	if err != nil {
		return SignedIn{}, f.explain(ctx, r, err)
	}
	how := map[string]any{"how": "oidc", "issuer": id.Issuer}
	user, err := f.auth.db.Global().GetUserByIdentity(ctx, db.GetUserByIdentityParams{Issuer: id.Issuer, Subject: id.Subject})
	switch {
	case err == nil && user.DisabledAt != nil:
		return SignedIn{}, noAccount(id.Email)
	case err == nil:
		return f.auth.open(ctx, user, how, r, nil)
	case !db.IsNoRows(err):
		return SignedIn{}, fmt.Errorf("look for the identity: %w", err)
	}
	if user, err = f.userOf(ctx, id); err != nil {
		return SignedIn{}, err
	}
	return f.auth.open(ctx, user, how, r, func(ctx context.Context, tx *change.Tx) error { return f.link(ctx, tx, user, id) })
}

// userOf finds the account of somebody who comes for the first time.
func (f *Federation) userOf(ctx context.Context, id oidc.Identity) (db.User, error) {
	email := strings.ToLower(strings.TrimSpace(id.Email))
	if a, err := stdmail.ParseAddress(email); err != nil || a.Address != email || !storable(email) {
		return db.User{}, apperr.New(apperr.BusinessRule, "%s did not tell your e-mail, so PayAid cannot know which account is yours. Ask whoever looks after %s to pass it on, or sign in with your password.", f.Name(), f.Name())
	}
	if !id.EmailVerified {
		return db.User{}, apperr.New(apperr.BusinessRule, "%s has not verified that %s is yours. Have it verified there and come back, or sign in with your password.", f.Name(), email)
	}
	user, err := f.auth.db.Global().GetUserByEmail(ctx, email)
	if db.IsNoRows(err) || err == nil && user.DisabledAt != nil {
		return db.User{}, noAccount(email)
	}
	if err != nil {
		return db.User{}, fmt.Errorf("look for the user: %w", err)
	}
	return user, nil
}

// noAccount reads the same for nobody's e-mail and for a disabled account. It names
// the e-mail because people have several accounts at a provider.
func noAccount(email string) error {
	if email == "" {
		email = "you"
	}
	return apperr.New(apperr.BadCredentials, "There is no account here for %s. Ask an administrator of your business to invite you.", email)
}

// link makes the identity open the account, and tells its owner.
func (f *Federation) link(ctx context.Context, tx *change.Tx, user db.User, id oidc.Identity) error {
	made, err := tx.Q.InsertUserIdentity(ctx, db.InsertUserIdentityParams{
		Issuer: id.Issuer, Subject: id.Subject, UserID: user.ID, Email: user.Email, Now: tx.Now,
	})
	if err != nil {
		return fmt.Errorf("link the identity: %w", err)
	}
	if made == 0 { // another sign-in of theirs was quicker
		return apperr.New(apperr.Conflict, "You were signed in somewhere else at the same moment. Please try again.")
	}
	m, err := f.letter(user.Email, user.Name, f.Name())
	if err != nil {
		return fmt.Errorf("write the mail: %w", err)
	}
	if err := mail.Enqueue(ctx, tx, m); err != nil {
		return err
	}
	return tx.Record(ctx, change.Event{Action: "user.link_identity", Entity: "user", EntityID: user.ID, After: map[string]any{"issuer": id.Issuer, "subject": id.Subject, "email": user.Email}})
}

// explain turns an error of the provider into a sentence. Its cause is for whoever
// runs PayAid.
func (f *Federation) explain(ctx context.Context, r Request, err error) error {
	if errors.Is(err, oidc.ErrDenied) {
		return apperr.Wrap(err, apperr.BusinessRule, "You did not agree at %s, so you are not signed in. Try again, or sign in with your password.", f.Name())
	}
	f.auth.log.WarnContext(ctx, "sign-in by the OpenID Provider failed", "requestId", r.ID, "err", err)
	if errors.Is(err, oidc.ErrUnavailable) {
		return apperr.Wrap(err, apperr.Unavailable, "%s does not answer right now. Try again in a few minutes, or sign in with your password.", f.Name())
	}
	return apperr.Wrap(err, apperr.BadCredentials, "What %s sent could not be verified, so you are not signed in. Try again; if it happens again, tell whoever runs PayAid.", f.Name())
}

// Unlink makes every identity of the person at a provider void, called by the
// command line when somebody's account there was made anew. Their next sign-in by
// the provider links again.
func (s *Service) Unlink(ctx context.Context, email string) error {
	user, err := s.db.Global().GetUserByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if db.IsNoRows(err) {
		return apperr.New(apperr.NotFound, "Nobody has an account with the e-mail %s.", email)
	}
	if err != nil {
		return fmt.Errorf("look for the user: %w", err)
	}
	_, err = change.Do(ctx, s.write, systemActor(uuid.Nil), "user.unlink_identity", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		gone, err := tx.Q.DeleteUserIdentities(ctx, user.ID)
		if err != nil {
			return struct{}{}, fmt.Errorf("unlink: %w", err)
		}
		if gone == 0 {
			return struct{}{}, apperr.New(apperr.NotFound, "%s has no identity at a provider.", user.Email)
		}
		return struct{}{}, tx.Record(ctx, change.Event{Action: "user.unlink_identity", Entity: "user", EntityID: user.ID})
	})
	return err
}
