package mail

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/change"
)

// Resend lets a mail that was given up be tried again, from tx on. A mail in any
// other state, or none, is a BusinessRule error: what was sent is not sent twice.
func Resend(ctx context.Context, tx *change.Tx, id uuid.UUID) error {
	n, err := tx.Q.ReviveMailboxMessage(ctx, id)
	if err != nil {
		return fmt.Errorf("revive the mail: %w", err)
	}
	if n == 0 {
		return apperr.New(apperr.BusinessRule, "Only a mail that could not be sent can be sent again. Load the page to see where it stands.")
	}
	return tx.Enqueue(ctx, SendArgs{ID: id})
}
