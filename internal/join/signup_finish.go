package join

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/tenant"
)

// CheckSignUp returns the e-mail that the link of a sign-up was sent to. It
// answers BusinessRule with a plain sentence when the link can no longer, or never
// could, make a business. It does not use the link up: mail programs open links to
// look at them.
func (s *Service) CheckSignUp(ctx context.Context, token string) (email string, err error) {
	row, err := s.signUpOf(ctx, token)
	return row.Email, err
}

func (s *Service) signUpOf(ctx context.Context, token string) (db.GetSignUpRow, error) {
	row, err := s.db.Global().GetSignUp(ctx, auth.TokenHash(token))
	switch {
	case db.IsNoRows(err):
		return row, apperr.New(apperr.BusinessRule, "This link is not complete, or is not one of ours. Copy it from the mail as a whole.")
	case err != nil:
		return row, fmt.Errorf("look for the link: %w", err)
	case row.UsedAt != nil, row.Known:
		return row, errHasAccount()
	case row.SupersededAt != nil:
		return row, apperr.New(apperr.BusinessRule, "A newer link was sent, so this one no longer works. Take the link from the newest mail.")
	case !row.ExpiresAt.After(s.now()):
		return row, apperr.New(apperr.BusinessRule, "This link has expired. A link works for 24 hours.")
	}
	return row, nil
}

// errHasAccount is said to whoever holds a link only, and so reads the mail of the
// account.
func errHasAccount() error {
	return apperr.New(apperr.BusinessRule, "There is an account with this e-mail already. Sign in with it.")
}

// SignUpInput is what the page behind the link of a sign-up sends.
type SignUpInput struct {
	Token    string
	Business string
	Name     string
	Password string `json:"-"`
}

// SignUp makes a business and the account of its owner, or neither, and uses the
// link up: sent twice, one of the two makes them. It answers as CheckSignUp does,
// or Validation for the fields business, name and password.
func (s *Service) SignUp(ctx context.Context, in SignUpInput, r auth.Request) (auth.SignedIn, error) {
	row, err := s.signUpOf(ctx, in.Token)
	if err != nil {
		return auth.SignedIn{}, err
	}
	id := uuid.Must(uuid.NewV7())
	business := strings.TrimSpace(in.Business)
	owner, err := s.prepareOwner(ctx, row.Email, business, in, id)
	if err != nil {
		return auth.SignedIn{}, err
	}
	actor := change.Actor{TenantID: id, ID: owner.ID, Kind: change.ActorUser, Name: strings.TrimSpace(in.Name), IP: r.IP, RequestID: r.ID}
	return change.Do(ctx, s.write, actor, "user.sign_up", nil, func(ctx context.Context, tx *change.Tx) (auth.SignedIn, error) {
		used, err := tx.Q.UseSignUp(ctx, db.UseSignUpParams{ID: row.ID, Now: &tx.Now})
		if err != nil {
			return auth.SignedIn{}, fmt.Errorf("use the link: %w", err)
		}
		if used == 0 { // somebody was quicker
			return auth.SignedIn{}, errHasAccount()
		}
		if _, err := tenant.InsertNamed(ctx, tx, business); err != nil {
			return auth.SignedIn{}, err
		}
		return auth.SignedIn{UserID: owner.ID, TenantID: id}, owner.Enter(ctx, tx)
	})
}

// prepareOwner refuses what is wrong with both halves of the form at once.
func (s *Service) prepareOwner(ctx context.Context, email, business string, in SignUpInput, tenantID uuid.UUID) (auth.NewUser, error) {
	var f apperr.Fields
	tenant.CheckName(&f, "business", business)
	return s.prepare(ctx, &f, auth.UserInput{Email: email, Name: in.Name, Password: in.Password, TenantID: tenantID, Role: auth.Owner})
}
