package factor

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

const resetAction = "user.second_factor_reset"

// Reset takes every factor from somebody who lost them, voids their sessions and
// tells them. The principal must be allowed to change the person. Who belongs to
// other businesses, too, or administers the installation, is out of reach of the
// administrators of one: that would weaken an account that is not theirs.
func (s *Service) Reset(ctx context.Context, p auth.Principal, user uuid.UUID) error {
	person, err := s.auth.Person(ctx, p, user) // asks for the right, too
	if err != nil {
		return err
	}
	if !person.Role.Within(p.Role) {
		return apperr.New(apperr.NoPermission, "%s has a wider role than you. Only an owner may change that.", person.Name)
	}
	if user == p.UserID {
		return apperr.New(apperr.BusinessRule, "Switch off your own second factor under Signing in.")
	}
	actor := p.Actor()
	actor.IdempotencyKey = ""
	_, err = change.Do(ctx, s.write, actor, resetAction, nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		account, err := tx.Q.LockAccount(ctx, user)
		if err != nil {
			return struct{}{}, fmt.Errorf("hold the account: %w", err)
		}
		homes, err := tx.Q.CountMembershipsOfUser(ctx, user)
		if err != nil {
			return struct{}{}, fmt.Errorf("count memberships: %w", err)
		}
		if homes > 1 || account.PlatformAdmin && !p.PlatformAdmin {
			return struct{}{}, apperr.New(apperr.BusinessRule, "This account is not only for this business. Whoever runs the installation can reset it: payaid user reset-second-factor.")
		}
		return struct{}{}, s.drop(ctx, tx, account)
	})
	return err
}

// ResetByEmail does the same on the command line, for the last administrator who
// lost everything. It answers NotFound when nobody has such an account.
func (s *Service) ResetByEmail(ctx context.Context, email string) error {
	user, err := s.db.Global().GetUserByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if db.IsNoRows(err) {
		return apperr.New(apperr.NotFound, "Nobody has an account with the e-mail %s.", email)
	}
	if err != nil {
		return fmt.Errorf("look for the user: %w", err)
	}
	actor := change.Actor{Kind: change.ActorSystem, Name: "PayAid"}
	_, err = change.Do(ctx, s.write, actor, resetAction, nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		account, err := tx.Q.LockAccount(ctx, user.ID)
		if err != nil {
			return struct{}{}, fmt.Errorf("hold the account: %w", err)
		}
		return struct{}{}, s.drop(ctx, tx, account)
	})
	return err
}

// drop takes every factor from a locked account.
func (s *Service) drop(ctx context.Context, tx *change.Tx, account db.LockAccountRow) error {
	state, err := read(ctx, tx.Q, account.ID)
	if err != nil {
		return err
	}
	if !state.Any() {
		return apperr.New(apperr.BusinessRule, "%s has no second factor.", account.Name)
	}
	if _, err := tx.Q.DeleteTOTP(ctx, account.ID); err != nil {
		return fmt.Errorf("delete the secret: %w", err)
	}
	if _, err := tx.Q.DeletePasskeysOf(ctx, account.ID); err != nil {
		return fmt.Errorf("delete the passkeys: %w", err)
	}
	if err := tx.Q.DeleteRecoveryCodes(ctx, account.ID); err != nil {
		return fmt.Errorf("delete recovery codes: %w", err)
	}
	if err := auth.VoidSessions(ctx, tx, account.ID); err != nil {
		return err
	}
	if err := auth.TagEverywhere(ctx, tx, account.ID); err != nil {
		return err
	}
	if err := s.auth.Notify(ctx, tx, account.ID, auth.NoticeFactorsReset); err != nil {
		return err
	}
	return tx.Record(ctx, change.Event{
		Action: resetAction, Entity: entityUser, EntityID: account.ID,
		Before: map[string]any{"authenticator": state.AuthenticatorSince != nil, "passkeys": state.Passkeys},
	})
}
