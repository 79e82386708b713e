package platform

import (
	"context"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/mail"
)

// ResendMail has a mail sent that was given up or is held.
func (s *Service) ResendMail(ctx context.Context, p auth.Principal, id uuid.UUID) error {
	if err := require(p); err != nil {
		return err
	}
	return s.decideMail(ctx, p, "mail.resend", id, mail.Resend)
}

// DiscardMail deletes a mail that is held.
func (s *Service) DiscardMail(ctx context.Context, p auth.Principal, id uuid.UUID) error {
	if err := require(p); err != nil {
		return err
	}
	return s.decideMail(ctx, p, "mail.discard", id, mail.Discard)
}

func (s *Service) decideMail(ctx context.Context, p auth.Principal, action string, id uuid.UUID, decide func(context.Context, *change.Tx, uuid.UUID) error) error {
	_, err := change.Do(ctx, s.write, actorIn(p, uuid.Nil), action, id, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if err := decide(ctx, tx, id); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.Record(ctx, change.Event{Action: action, Entity: "mail", EntityID: id})
	})
	return err
}
