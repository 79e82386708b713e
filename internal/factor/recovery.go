package factor

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

const (
	recoveryCodes = 10
	// recoveryLength is how many characters of 5 bits a code has: too many to guess
	// at a few tries a quarter of an hour, and the hash needs the key that a stolen
	// database lacks.
	recoveryLength = 10
)

// newRecoveryCode returns a code such as "k7wq2-m4xtz".
func newRecoveryCode() string {
	code := strings.ToLower(rand.Text()[:recoveryLength])
	return code[:recoveryLength/2] + "-" + code[recoveryLength/2:]
}

// plainCode is a recovery code as it is hashed, however it was typed.
func plainCode(code string) string {
	return strings.ToLower(digits(strings.TrimSpace(code)))
}

// NewRecoveryCodes replaces the codes of a person, who proves themselves by their
// password once more. They are shown this once. It answers Validation for the
// field password.
func (s *Service) NewRecoveryCodes(ctx context.Context, p auth.Principal, password string) (codes []string, err error) {
	if err := s.auth.CheckPassword(ctx, p, password); err != nil {
		return nil, err
	}
	err = s.change(ctx, p, "user.recovery_codes", func(ctx context.Context, tx *change.Tx) error {
		state, err := read(ctx, tx.Q, p.UserID)
		if err != nil {
			return err
		}
		if !state.Any() {
			return apperr.New(apperr.BusinessRule, "Recovery codes stand in for an authenticator app or a passkey. Set one up first.")
		}
		if codes, err = s.replaceCodes(ctx, tx, p.UserID); err != nil {
			return err
		}
		return s.auth.Notify(ctx, tx, p.UserID, auth.NoticeRecoveryCodesMade)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// firstCodes makes codes with the first factor of a person; nil for a later one.
func (s *Service) firstCodes(ctx context.Context, tx *change.Tx, user uuid.UUID) ([]string, error) {
	state, err := read(ctx, tx.Q, user)
	if err != nil || state.RecoveryCodes > 0 {
		return nil, err
	}
	return s.replaceCodes(ctx, tx, user)
}

func (s *Service) replaceCodes(ctx context.Context, tx *change.Tx, user uuid.UUID) ([]string, error) {
	if err := tx.Q.DeleteRecoveryCodes(ctx, user); err != nil {
		return nil, fmt.Errorf("delete recovery codes: %w", err)
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = newRecoveryCode()
		err := tx.Q.InsertRecoveryCode(ctx, db.InsertRecoveryCodeParams{UserID: user, CodeHash: s.box.Hash(plainCode(codes[i]), user[:]), Now: tx.Now})
		if err != nil {
			return nil, fmt.Errorf("insert a recovery code: %w", err)
		}
	}
	return codes, nil
}

func dropCodesWithLastFactor(ctx context.Context, tx *change.Tx, user uuid.UUID) error {
	state, err := read(ctx, tx.Q, user)
	if err != nil || state.Any() {
		return err
	}
	if err := tx.Q.DeleteRecoveryCodes(ctx, user); err != nil {
		return fmt.Errorf("delete recovery codes: %w", err)
	}
	return nil
}
