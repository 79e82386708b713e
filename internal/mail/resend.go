package mail

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/change"
)

// Resend lets a mail that was given up be tried again, and one that is held be sent,
// from tx on. A mail in any other state, or none, is a BusinessRule error: what was
// sent is not sent twice.
func Resend(ctx context.Context, tx *change.Tx, id uuid.UUID) error {
	n, err := tx.Q.ReviveMailboxMessage(ctx, id)
	if err != nil {
		return fmt.Errorf("revive the mail: %w", err)
	}
	if n == 0 {
		return apperr.New(apperr.BusinessRule, "Only a mail that could not be sent, or is held, can be sent again. Load the page to see where it stands.")
	}
	return tx.Enqueue(ctx, SendArgs{ID: id})
}

// Discard deletes a mail that is held. Any other one, or none, is a BusinessRule
// error.
func Discard(ctx context.Context, tx *change.Tx, id uuid.UUID) error {
	n, err := tx.Q.DiscardMailboxMessage(ctx, id)
	if err != nil {
		return fmt.Errorf("discard the mail: %w", err)
	}
	if n == 0 {
		return apperr.New(apperr.BusinessRule, "Only a mail that is held can be discarded. Load the page to see where it stands.")
	}
	return nil
}
