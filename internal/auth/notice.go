package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/internal/change"
	"payaid/internal/mail"
)

// Notice is something about a person's ways of signing in that they are told by
// mail: who did not do it themselves learns of it.
type Notice string

// The notices.
const (
	NoticePasswordChanged   Notice = "password_changed"
	NoticeAuthenticatorOn   Notice = "authenticator_on"
	NoticeAuthenticatorOff  Notice = "authenticator_off"
	NoticeRecoveryCodesMade Notice = "recovery_codes_made"
	NoticeRecoveryCodeUsed  Notice = "recovery_code_used"
	NoticePasskeyAdded      Notice = "passkey_added"
	NoticePasskeyRemoved    Notice = "passkey_removed"
	NoticeFactorsReset      Notice = "factors_reset" // by an administrator
)

// Notices lists every notice.
var Notices = []Notice{
	NoticePasswordChanged, NoticeAuthenticatorOn, NoticeAuthenticatorOff, NoticeRecoveryCodesMade, NoticeRecoveryCodeUsed,
	NoticePasskeyAdded, NoticePasskeyRemoved, NoticeFactorsReset,
}

// NoticeLetter writes the mail of a notice: to whom, their name, what happened and
// when.
type NoticeLetter func(to, name string, n Notice, at time.Time) (mail.Message, error)

// Option changes how a Service works.
type Option func(*Service)

// WithNotices has notices sent with letter; without it nobody is told.
func WithNotices(letter NoticeLetter) Option { return func(s *Service) { s.letter = letter } }

// Notify enqueues the mail of a notice in tx.
func (s *Service) Notify(ctx context.Context, tx *change.Tx, user uuid.UUID, n Notice) error {
	if s.letter == nil {
		return nil
	}
	to, err := tx.Q.GetAccount(ctx, user)
	if err != nil {
		return fmt.Errorf("load the account: %w", err)
	}
	m, err := s.letter(to.Email, to.Name, n, tx.Now)
	if err != nil {
		return fmt.Errorf("write the notice %s: %w", n, err)
	}
	return mail.Enqueue(ctx, tx, m)
}
