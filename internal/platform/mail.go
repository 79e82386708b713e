package platform

import (
	"context"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/mail"
)

// ResendMail has a mail that was given up sent again.
func (s *Service) ResendMail(ctx context.Context, p auth.Principal, id uuid.UUID) error {
	if err := require(p); err != nil {
		return err
	}
	_, err := change.Do(ctx, s.write, actorIn(p, uuid.Nil), "mail.resend", id, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if err := mail.Resend(ctx, tx, id); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.Record(ctx, change.Event{Action: "mail.resend", Entity: "mail", EntityID: id})
	})
	return err
}
