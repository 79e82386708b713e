package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// Pending is a sign-in that owes its second factor.
type Pending struct {
	auth.SignedIn
	Since time.Time // of the first factor
}

// The ways to complete a sign-in, as the audit log names them.
const (
	byAuthenticator = "authenticator"
	byRecoveryCode  = "recovery_code"
)

// PassCode completes a sign-in with the code that the authenticator app shows. A
// code works once. It answers BadCredentials for a wrong or used one, and
// Unauthorized when the first factor no longer holds.
func (s *Service) PassCode(ctx context.Context, in Pending, code string, r auth.Request) error {
	return s.pass(ctx, in, r, byAuthenticator, func(ctx context.Context, tx *change.Tx) error {
		row, err := tx.Q.GetTOTP(ctx, in.UserID)
		if db.IsNoRows(err) {
			return wrongCode()
		}
		if err != nil {
			return fmt.Errorf("load the secret: %w", err)
		}
		key, err := s.box.Open(row.Secret, in.UserID[:])
		if err != nil {
			return apperr.Wrap(err, apperr.BusinessRule, "Your authenticator app no longer fits this installation. Ask an administrator to reset your second factor.")
		}
		step, ok := totpStep(key, digits(code), s.now())
		if !ok {
			return wrongCode()
		}
		used, err := tx.Q.UseTOTPStep(ctx, db.UseTOTPStepParams{UserID: in.UserID, Step: step})
		if err != nil {
			return fmt.Errorf("use the code: %w", err)
		}
		if used == 0 {
			return apperr.New(apperr.BadCredentials, "This code was used already. Wait until the app shows the next one.")
		}
		return nil
	})
}

// PassRecoveryCode completes a sign-in with a recovery code, which is used up, and
// tells the person. It answers as PassCode does.
func (s *Service) PassRecoveryCode(ctx context.Context, in Pending, code string, r auth.Request) error {
	return s.pass(ctx, in, r, byRecoveryCode, func(ctx context.Context, tx *change.Tx) error {
		used, err := tx.Q.UseRecoveryCode(ctx, db.UseRecoveryCodeParams{UserID: in.UserID, CodeHash: s.box.Hash(plainCode(code), in.UserID[:]), Now: &tx.Now})
		if err != nil {
			return fmt.Errorf("use the recovery code: %w", err)
		}
		if used == 0 {
			return apperr.New(apperr.BadCredentials, "This recovery code is not right, or was used before.")
		}
		return s.auth.Notify(ctx, tx, in.UserID, auth.NoticeRecoveryCodeUsed)
	})
}

func wrongCode() error {
	return apperr.New(apperr.BadCredentials, "This code is not right. Enter the one that the app shows now.")
}

// pass notes the sign-in if check agrees, and a refusal otherwise: who has the
// password but not the second factor is worth knowing.
func (s *Service) pass(ctx context.Context, in Pending, r auth.Request, way string, check func(ctx context.Context, tx *change.Tx) error) error {
	actor := change.Actor{TenantID: in.TenantID, ID: in.UserID, Kind: change.ActorUser, IP: r.IP, RequestID: r.ID}
	_, err := change.Do(ctx, s.write, actor, "user.sign_in", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		name, err := hold(ctx, tx, in)
		if err != nil {
			return struct{}{}, err
		}
		tx.Actor.Name, actor.Name = name, name
		if err := check(ctx, tx); err != nil {
			return struct{}{}, err
		}
		if err := tx.Q.TouchUserLogin(ctx, db.TouchUserLoginParams{ID: in.UserID, Now: &tx.Now}); err != nil {
			return struct{}{}, fmt.Errorf("note the sign-in: %w", err)
		}
		return struct{}{}, tx.Record(ctx, signInEvent("user.sign_in", in.UserID, way))
	})
	if apperr.Is(err, apperr.BadCredentials) {
		return errors.Join(err, s.noteRefusal(ctx, actor, in.UserID, way))
	}
	return err
}

// hold locks the account and makes sure that the first factor still holds: nobody
// disabled it, changed the password or ended all sessions meanwhile.
func hold(ctx context.Context, tx *change.Tx, in Pending) (name string, err error) {
	account, err := tx.Q.LockAccount(ctx, in.UserID)
	if err != nil {
		return "", fmt.Errorf("hold the account: %w", err)
	}
	if account.DisabledAt != nil || in.Since.Before(account.SessionsValidAfter) {
		return "", apperr.New(apperr.Unauthorized, "This took too long. Please sign in again.")
	}
	return account.Name, nil
}

func (s *Service) noteRefusal(ctx context.Context, actor change.Actor, user uuid.UUID, way string) error {
	_, err := change.Do(ctx, s.write, actor, "user.second_factor_refused", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, tx.Record(ctx, signInEvent("user.second_factor_refused", user, way))
	})
	return err
}

func signInEvent(action string, user uuid.UUID, way string) change.Event {
	return change.Event{Action: action, Entity: entityUser, EntityID: user, After: map[string]string{"secondFactor": way}}
}
