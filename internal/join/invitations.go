package join

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// ResendInvitation has the mail of an open or expired invitation written again, for
// another seven days. The link that was sent before stops to work. It answers
// RateLimited when the last mail is less than a minute old.
func (s *Service) ResendInvitation(ctx context.Context, p auth.Principal, id uuid.UUID) (Invitation, error) {
	if err := p.Require(auth.PeopleConfigure); err != nil {
		return Invitation{}, err
	}
	return change.Do(ctx, s.write, p.Actor(), "invitation.resend", id, func(ctx context.Context, tx *change.Tx) (Invitation, error) {
		asked, err := lockOpen(ctx, tx, p, id)
		if err != nil {
			return Invitation{}, err
		}
		if wait := asked.Add(askPause).Sub(tx.Now); wait > 0 {
			e := apperr.New(apperr.RateLimited, "This mail was sent a moment ago. Please wait a minute.")
			e.RetryAfter = wait
			return Invitation{}, e
		}
		if err := belowQuota(ctx, tx, p); err != nil {
			return Invitation{}, err
		}
		if err := tx.Q.AskInvitationAgain(ctx, db.AskInvitationAgainParams{TenantID: p.TenantID, ID: id, Now: tx.Now, ExpiresAt: tx.Now.Add(InvitationLife)}); err != nil {
			return Invitation{}, fmt.Errorf("renew the invitation: %w", err)
		}
		return s.announce(ctx, tx, p, id, "invitation.resend")
	})
}

// OpenInvitation gives the link of an invitation a new token and returns it, where
// no mail would reach anybody. Whoever has it can take the place of the person who
// is invited, so it is not for production.
func (s *Service) OpenInvitation(ctx context.Context, p auth.Principal, id uuid.UUID) (inv Invitation, token string, err error) {
	if err := p.Require(auth.PeopleConfigure); err != nil {
		return Invitation{}, "", err
	}
	if token, err = auth.NewToken(); err != nil {
		return Invitation{}, "", err
	}
	actor := p.Actor()
	actor.IdempotencyKey = "" // a replay could not tell the token
	inv, err = change.Do(ctx, s.write, actor, "invitation.open", id, func(ctx context.Context, tx *change.Tx) (Invitation, error) {
		if _, err := lockOpen(ctx, tx, p, id); err != nil {
			return Invitation{}, err
		}
		if err := tx.Q.AskInvitationAgain(ctx, db.AskInvitationAgainParams{TenantID: p.TenantID, ID: id, Now: tx.Now, ExpiresAt: tx.Now.Add(InvitationLife)}); err != nil {
			return Invitation{}, fmt.Errorf("renew the invitation: %w", err)
		}
		if _, err := tx.Q.SetInvitationToken(ctx, db.SetInvitationTokenParams{TenantID: p.TenantID, ID: id, TokenHash: auth.TokenHash(token), Now: tx.Now}); err != nil {
			return Invitation{}, fmt.Errorf("set the token: %w", err)
		}
		after, err := readInvitation(ctx, tx.Q, p, id)
		if err != nil {
			return Invitation{}, err
		}
		return after, tx.Record(ctx, change.Event{Action: "invitation.open", Entity: entityInvitation, EntityID: id, After: after})
	})
	return inv, token, err
}

// lockOpen holds an invitation that can still be used, and tells when its mail was
// last asked for.
func lockOpen(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID) (asked time.Time, err error) {
	asked, err = tx.Q.LockInvitation(ctx, db.LockInvitationParams{TenantID: p.TenantID, ID: id})
	if err != nil && !db.IsNoRows(err) {
		return asked, fmt.Errorf("lock the invitation: %w", err)
	}
	now, err := readInvitation(ctx, tx.Q, p, id)
	if err != nil {
		return asked, err
	}
	if now.AcceptedAt != nil || now.RevokedAt != nil {
		return asked, apperr.New(apperr.BusinessRule, "This invitation was used or revoked. Invite the person again.")
	}
	if !now.Role.Within(p.Role) {
		return asked, apperr.New(apperr.NoPermission, "This invitation gives a wider role than yours.")
	}
	return asked, nil
}

// RevokeInvitation takes an invitation back: its link stops to work at once. Doing
// it again changes nothing; one that was accepted is a BusinessRule. version is what
// the caller last saw, nil for any; an older one is a Conflict.
func (s *Service) RevokeInvitation(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Invitation, error) {
	if err := p.Require(auth.PeopleConfigure); err != nil {
		return Invitation{}, err
	}
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, s.write, p.Actor(), "invitation.revoke", input, func(ctx context.Context, tx *change.Tx) (Invitation, error) {
		_, err := tx.Q.LockInvitation(ctx, db.LockInvitationParams{TenantID: p.TenantID, ID: id})
		if err != nil && !db.IsNoRows(err) {
			return Invitation{}, fmt.Errorf("lock the invitation: %w", err)
		}
		before, err := readInvitation(ctx, tx.Q, p, id)
		if err != nil || before.RevokedAt != nil {
			return before, err
		}
		if version != nil && *version != before.Version {
			e := apperr.New(apperr.Conflict, "Somebody changed this invitation after you read it.")
			e.Version = before.Version
			return Invitation{}, e
		}
		if before.AcceptedAt != nil {
			return Invitation{}, apperr.New(apperr.BusinessRule, "%s has accepted already. Remove the person from the business instead.", before.Email)
		}
		if _, err := tx.Q.RevokeInvitation(ctx, db.RevokeInvitationParams{TenantID: p.TenantID, ID: id, Now: &tx.Now}); err != nil {
			return Invitation{}, fmt.Errorf("revoke the invitation: %w", err)
		}
		after, err := readInvitation(ctx, tx.Q, p, id)
		if err != nil {
			return Invitation{}, err
		}
		return after, tx.Record(ctx, change.Event{Action: "invitation.revoke", Entity: entityInvitation, EntityID: id, Before: before, After: after})
	})
}
