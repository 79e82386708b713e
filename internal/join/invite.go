package join

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/mail"
)

const (
	// InvitationLife is how long the link of an invitation works.
	InvitationLife = 7 * 24 * time.Hour
	// invitationsADay bounds the mails that one business can have sent to anybody.
	invitationsADay = 100
	// askPause is how soon a mail can be sent again.
	askPause = time.Minute

	entityInvitation = "invitation"
)

// InvitationInput says whom to invite as what.
type InvitationInput struct {
	Email  string
	Role   auth.Role // within the inviter's own; never owner
	TeamID *uuid.UUID
}

// Invite offers somebody to belong to the principal's tenant, by a mail that a job
// writes. It answers Validation for the fields email, role and teamId,
// AlreadyExists for who belongs to it or is invited already, and QuotaExceeded
// after too many in a day. Whether the e-mail has an account makes no difference.
func (s *Service) Invite(ctx context.Context, p auth.Principal, in InvitationInput) (Invitation, error) {
	if err := p.Require(auth.PeopleConfigure); err != nil {
		return Invitation{}, err
	}
	var f apperr.Fields
	email, err := emailOf(in.Email)
	if err != nil {
		f.Add("email", apperr.From(err).Field("email"))
	}
	in.Email = email
	f.Check(slices.Contains(p.Assignable(), in.Role), "role", "Choose a role that is not wider than your own.")
	if err := f.Err(); err != nil {
		return Invitation{}, err
	}
	return change.Do(ctx, s.write, p.Actor(), "invitation.create", in, func(ctx context.Context, tx *change.Tx) (Invitation, error) {
		if err := mayInvite(ctx, tx, p, in); err != nil {
			return Invitation{}, err
		}
		actor, id := p.Actor(), uuid.Must(uuid.NewV7())
		err := tx.Q.InsertInvitation(ctx, db.InsertInvitationParams{
			TenantID: p.TenantID, ID: id, Email: in.Email, Role: string(in.Role), TeamID: in.TeamID,
			InviterKind: actor.Kind, InviterID: actor.ID, InviterName: actor.Name, Now: tx.Now, ExpiresAt: tx.Now.Add(InvitationLife),
		})
		if err != nil {
			return Invitation{}, fmt.Errorf("insert the invitation: %w", err)
		}
		return s.announce(ctx, tx, p, id, "invitation.create")
	})
}

// mayInvite refuses whom there is no reason to invite, and too many.
func mayInvite(ctx context.Context, tx *change.Tx, p auth.Principal, in InvitationInput) error {
	if err := belowQuota(ctx, tx, p); err != nil {
		return err
	}
	known, err := tx.Q.IsMemberByEmail(ctx, db.IsMemberByEmailParams{TenantID: p.TenantID, Email: in.Email})
	if err != nil {
		return fmt.Errorf("look for the member: %w", err)
	}
	if known {
		const message = "This person already belongs to the business."
		return &apperr.Error{Code: apperr.AlreadyExists, Message: message, Details: []apperr.Detail{{Field: "email", Message: message}}}
	}
	err = tx.Q.RevokeExpiredInvitation(ctx, db.RevokeExpiredInvitationParams{TenantID: p.TenantID, Email: in.Email, Now: &tx.Now})
	return wrap(err, "make room for a new invitation")
}

func belowQuota(ctx context.Context, tx *change.Tx, p auth.Principal) error {
	n, err := tx.Q.CountInvitations(ctx, db.CountInvitationsParams{TenantID: p.TenantID, Since: tx.Now.Add(-24 * time.Hour)})
	if err != nil {
		return fmt.Errorf("count invitations: %w", err)
	}
	if n >= invitationsADay {
		return apperr.New(apperr.QuotaExceeded, "A business can send %d invitations in 24 hours. Please go on tomorrow.", invitationsADay)
	}
	return nil
}

// announce enqueues the mail and writes the audit entry of an invitation that was
// made or is sent again.
func (s *Service) announce(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string) (Invitation, error) {
	after, err := readInvitation(ctx, tx.Q, p, id)
	if err != nil {
		return Invitation{}, err
	}
	if err := tx.Enqueue(ctx, InvitationArgs{TenantID: p.TenantID, ID: id}); err != nil {
		return Invitation{}, err
	}
	return after, tx.Record(ctx, change.Event{Action: action, Entity: entityInvitation, EntityID: id, After: after})
}

// InvitationLetter writes the mail of an invitation: to whom, who invites into
// which business as what, and the token that the link carries.
type InvitationLetter func(to, inviter, business string, role auth.Role, token string) (mail.Message, error)

// InvitationArgs is the job that mails an invitation.
type InvitationArgs struct {
	TenantID uuid.UUID `json:"tenantId"`
	ID       uuid.UUID `json:"invitationId"`
}

// Kind names the job.
func (InvitationArgs) Kind() string { return "join.invitation" }

// SendInvitation works InvitationArgs: it makes the link and enqueues the mail, both
// or neither, and once for each time that the mail was asked for.
func (s *Service) SendInvitation(ctx context.Context, args InvitationArgs, letter InvitationLetter) error {
	token, err := auth.NewToken()
	if err != nil {
		return err
	}
	actor := change.Actor{TenantID: args.TenantID, Kind: change.ActorSystem, Name: "PayAid"}
	_, err = change.Do(ctx, s.write, actor, "invitation.mail", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		n, err := tx.Q.SetInvitationToken(ctx, db.SetInvitationTokenParams{TenantID: args.TenantID, ID: args.ID, TokenHash: auth.TokenHash(token), Now: tx.Now})
		if err != nil || n == 0 { // it was mailed before, or taken back
			return struct{}{}, wrap(err, "set the token")
		}
		row, err := tx.Q.GetInvitationByToken(ctx, db.GetInvitationByTokenParams{TenantID: args.TenantID, TokenHash: auth.TokenHash(token)})
		if err != nil {
			return struct{}{}, fmt.Errorf("read the invitation: %w", err)
		}
		m, err := letter(row.Email, row.InviterName, row.TenantName, auth.Role(row.Role), token)
		if err != nil {
			return struct{}{}, fmt.Errorf("write the mail: %w", err)
		}
		return struct{}{}, mail.Enqueue(ctx, tx, m)
	})
	return err
}
