package join

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/tenant"
)

// Offer is what the link of an invitation offers to whoever has it.
type Offer struct {
	Business  string
	Email     string
	Role      auth.Role
	InvitedBy string
	Known     bool // the e-mail has an account: its owner signs in to accept
	Homeless  bool // the account belongs to no business, so that nobody can sign in with it: its password is asked for
}

// Offer returns what a link offers. It answers BusinessRule with a plain sentence
// when the link can no longer, or never could, be used. It does not use the link
// up: mail programs open links to look at them.
func (s *Service) Offer(ctx context.Context, token string) (Offer, error) {
	_, row, err := s.offerOf(ctx, token)
	if err != nil {
		return Offer{}, err
	}
	known := row.UserID != nil
	return Offer{
		Business: row.TenantName, Email: row.Email, Role: auth.Role(row.Role), InvitedBy: row.InviterName, Known: known, Homeless: known && !row.AtHome,
	}, nil
}

func (s *Service) offerOf(ctx context.Context, token string) (tenantID uuid.UUID, row db.GetInvitationByTokenRow, err error) {
	incomplete := apperr.New(apperr.BusinessRule, "This link is not complete, or a newer one was sent. Take the link from the newest mail, as a whole.")
	if tenantID, err = s.db.Global().InvitationTenant(ctx, auth.TokenHash(token)); err != nil {
		return tenantID, row, fmt.Errorf("look for the invitation: %w", err)
	}
	if tenantID == uuid.Nil {
		return tenantID, row, incomplete
	}
	row, err = s.db.Tenant(tenantID).GetInvitationByToken(ctx, db.GetInvitationByTokenParams{TenantID: tenantID, TokenHash: auth.TokenHash(token)})
	switch {
	case db.IsNoRows(err):
		return tenantID, row, incomplete
	case err != nil:
		return tenantID, row, fmt.Errorf("read the invitation: %w", err)
	case row.AcceptedAt != nil:
		return tenantID, row, errUsed()
	case row.RevokedAt != nil:
		return tenantID, row, apperr.New(apperr.BusinessRule, "%s took this invitation back. Ask there for a new one.", row.TenantName)
	case !row.ExpiresAt.After(s.now()):
		return tenantID, row, apperr.New(apperr.BusinessRule, "This invitation has expired. An invitation can be accepted for seven days. Ask %s for a new one.", row.InviterName)
	case row.TenantStatus != tenant.Active:
		return tenantID, row, apperr.New(apperr.BusinessRule, "%s is suspended at the moment, so nobody can join it.", row.TenantName)
	case row.DisabledAt != nil:
		return tenantID, row, apperr.New(apperr.BusinessRule, "Your account is switched off. Ask whoever runs this installation.")
	}
	return tenantID, row, s.mayStillInvite(ctx, tenantID, row)
}

func errUsed() error {
	return apperr.New(apperr.BusinessRule, "This invitation was accepted already. Sign in to work in the business.")
}

// mayStillInvite refuses an invitation by somebody who left the business or got a
// narrower role since: they could not give that role today.
func (s *Service) mayStillInvite(ctx context.Context, tenantID uuid.UUID, row db.GetInvitationByTokenRow) error {
	by, err := s.people.ByActor(ctx, tenantID, row.InviterKind, row.InviterID)
	if err != nil && !apperr.Is(err, apperr.Unauthorized) {
		return fmt.Errorf("look for the inviter: %w", err)
	}
	if err != nil || !by.Can(auth.PeopleConfigure) || !slices.Contains(by.Assignable(), auth.Role(row.Role)) {
		return apperr.New(apperr.BusinessRule, "%s can no longer invite people to %s. Ask there for a new invitation.", row.InviterName, row.TenantName)
	}
	return nil
}

// NewcomerInput is what somebody without an account sends to accept an invitation.
type NewcomerInput struct {
	Token    string
	Name     string
	Password string `json:"-"`
}

// Join makes the account of somebody who is invited and their membership, or
// neither, and uses the invitation up. It answers as Offer does, or Validation for
// the fields name and password. An account that belongs to no business comes in
// with its own password (BadCredentials with another); every other one signs in.
func (s *Service) Join(ctx context.Context, in NewcomerInput, r auth.Request) (auth.SignedIn, error) {
	tenantID, row, err := s.offerOf(ctx, in.Token)
	if err != nil {
		return auth.SignedIn{}, err
	}
	if row.UserID != nil {
		return s.comeHome(ctx, tenantID, row, in, r)
	}
	var f apperr.Fields
	account := auth.UserInput{Email: row.Email, Name: in.Name, Password: in.Password, TenantID: tenantID, Role: auth.Role(row.Role), TeamID: row.TeamID}
	user, err := s.prepare(ctx, &f, account)
	if err != nil {
		return auth.SignedIn{}, err
	}
	actor := change.Actor{TenantID: tenantID, ID: user.ID, Kind: change.ActorUser, Name: strings.TrimSpace(in.Name), IP: r.IP, RequestID: r.ID}
	return s.accept(ctx, actor, row.ID, in.Token, user.Enter)
}

// comeHome lets in an account that belongs to no business.
func (s *Service) comeHome(ctx context.Context, tenantID uuid.UUID, row db.GetInvitationByTokenRow, in NewcomerInput, r auth.Request) (auth.SignedIn, error) {
	if row.AtHome {
		return auth.SignedIn{}, errHasAccount()
	}
	name, err := s.people.Prove(ctx, row.Email, in.Password)
	if err != nil {
		return auth.SignedIn{}, err
	}
	actor := change.Actor{TenantID: tenantID, ID: *row.UserID, Kind: change.ActorUser, Name: name, IP: r.IP, RequestID: r.ID}
	return s.accept(ctx, actor, row.ID, in.Token, func(ctx context.Context, tx *change.Tx) error {
		return auth.Join(ctx, tx, *row.UserID, auth.Role(row.Role), row.TeamID)
	})
}

// Accept makes the principal a member of the business that a link offers, and uses
// the invitation up. Whoever belongs to it already keeps their role. It answers as
// Offer does, or BusinessRule when another e-mail is invited.
func (s *Service) Accept(ctx context.Context, p auth.Principal, token string) (auth.SignedIn, error) {
	tenantID, row, err := s.offerOf(ctx, token)
	if err != nil {
		return auth.SignedIn{}, err
	}
	if p.IsKey() || row.UserID == nil || *row.UserID != p.UserID {
		return auth.SignedIn{}, apperr.New(apperr.BusinessRule, "This invitation is for %s. Sign out and open the link again.", row.Email)
	}
	actor := p.Actor()
	actor.TenantID, actor.IdempotencyKey = tenantID, ""
	return s.accept(ctx, actor, row.ID, token, func(ctx context.Context, tx *change.Tx) error {
		return auth.Join(ctx, tx, p.UserID, auth.Role(row.Role), row.TeamID)
	})
}

// accept uses the invitation up and lets the person in, both or neither. Of two at
// once one succeeds.
func (s *Service) accept(ctx context.Context, actor change.Actor, id uuid.UUID, token string, enter func(context.Context, *change.Tx) error) (auth.SignedIn, error) {
	return change.Do(ctx, s.write, actor, "invitation.accept", nil, func(ctx context.Context, tx *change.Tx) (auth.SignedIn, error) {
		n, err := tx.Q.AcceptInvitation(ctx, db.AcceptInvitationParams{TenantID: actor.TenantID, ID: id, TokenHash: auth.TokenHash(token), Now: &tx.Now})
		if err != nil {
			return auth.SignedIn{}, fmt.Errorf("use the invitation: %w", err)
		}
		if n == 0 { // somebody was quicker
			return auth.SignedIn{}, errUsed()
		}
		if err := enter(ctx, tx); err != nil {
			return auth.SignedIn{}, err
		}
		return auth.SignedIn{UserID: actor.ID, TenantID: actor.TenantID}, tx.Record(ctx, change.Event{Action: "invitation.accept", Entity: entityInvitation, EntityID: id})
	})
}
