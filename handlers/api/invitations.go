package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/join"
)

const invitationsTag = "Invitations"

// Invitation is an offer to belong to the business, as programs see it. Its link is
// in the mail alone.
type Invitation struct {
	ID         uuid.UUID  `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c51"`
	Email      string     `json:"email" example:"meera@example.in"`
	Role       string     `json:"role" enum:"admin,manager,member" example:"member"`
	TeamID     *uuid.UUID `json:"teamId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47"`
	Team       string     `json:"team" example:"Sales" doc:"Empty when the person will be in no team"`
	State      string     `json:"state" enum:"open,accepted,expired,revoked" example:"open"`
	InvitedBy  string     `json:"invitedBy" example:"Asha Shah" doc:"The name at that time"`
	ExpiresAt  time.Time  `json:"expiresAt" example:"2026-11-29T06:30:00Z"`
	AcceptedAt *time.Time `json:"acceptedAt" example:"2026-11-23T06:30:00Z"`
	RevokedAt  *time.Time `json:"revokedAt"`
	CreatedAt  time.Time  `json:"createdAt" example:"2026-11-22T06:30:00Z"`
	Version    int64      `json:"version" example:"1" doc:"Grows with each change; the same as in ETag"`
}

func (o *operations) invitationOf(i join.Invitation) Invitation {
	return Invitation{
		ID: i.ID, Email: i.Email, Role: string(i.Role), TeamID: i.TeamID, Team: i.Team, State: i.State(o.Now()), InvitedBy: i.InvitedBy,
		ExpiresAt: i.ExpiresAt.UTC(), AcceptedAt: utc(i.AcceptedAt), RevokedAt: utc(i.RevokedAt), CreatedAt: i.CreatedAt.UTC(), Version: i.Version,
	}
}

// InvitationFields say whom to invite as what.
type InvitationFields struct {
	Email  string     `json:"email" required:"false" maxLength:"254" example:"meera@example.in"`
	Role   string     `json:"role" required:"false" enum:"admin,manager,member" example:"member" doc:"Not wider than your own"`
	TeamID *uuid.UUID `json:"teamId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47"`
}

type listInvitationsInput struct {
	Reader
	Paging
}

type createInvitationInput struct {
	Writer
	Body InvitationFields
}

type revokeInvitationInput struct {
	Change
	ID uuid.UUID `path:"id" format:"uuid" doc:"The invitation's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c51"`
}

func (o *operations) invitations(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/invitations", "list-invitations", invitationsTag, "List invitations",
		`One page of the invitations of the business, newest first, accepted and revoked ones too.`), o.listInvitations)
	huma.Register(api, created(operation(fiber.MethodPost, "/invitations", "create-invitation", invitationsTag, "Invite somebody",
		`Sends a mail with a link that works once, for seven days. The answer does not tell whether the e-mail has an account already. A business can send 100 invitations in 24 hours.`, 400, 415)), o.createInvitation)
	huma.Register(api, operation(fiber.MethodDelete, "/invitations/{id}", "revoke-invitation", invitationsTag, "Revoke an invitation",
		`The link stops to work at once. Doing it again changes nothing; one that was accepted is refused with 422. The answer is the invitation as it is now.`, 404, 412), o.revokeInvitation)
}

func (o *operations) listInvitations(ctx context.Context, in *listInvitationsInput) (*listAnswer[Invitation], error) {
	page, err := o.Join.Invitations(ctx, in.principal, auth.PageRequest{Cursor: in.Cursor, Limit: in.size()})
	if err != nil {
		return nil, err
	}
	meta := Meta{Limit: in.Limit, NextCursor: cursor(page.Next), PrevCursor: cursor(page.Prev)}
	return &listAnswer[Invitation]{Body: List[Invitation]{Data: each(page.Invitations, o.invitationOf), Meta: meta}}, nil
}

func (o *operations) createInvitation(ctx context.Context, in *createInvitationInput) (*createdAnswer[Invitation], error) {
	i, err := o.Join.Invite(ctx, in.principal, join.InvitationInput{Email: in.Body.Email, Role: auth.Role(in.Body.Role), TeamID: in.Body.TeamID})
	if err != nil {
		return nil, err
	}
	return createdAt(Prefix+"/invitations/"+i.ID.String(), o.invitationOf(i), i.Version), nil
}

func (o *operations) revokeInvitation(ctx context.Context, in *revokeInvitationInput) (*recordAnswer[Invitation], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	i, err := o.Join.RevokeInvitation(ctx, in.principal, in.ID, version)
	if err != nil {
		return nil, err
	}
	return recordOf(o.invitationOf(i), i.Version), nil
}
