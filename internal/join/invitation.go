package join

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
)

// Invitation is an offer to somebody to belong to a business.
type Invitation struct {
	ID         uuid.UUID  `json:"id"`
	Email      string     `json:"email"`
	Role       auth.Role  `json:"role"`
	TeamID     *uuid.UUID `json:"teamId"`
	Team       string     `json:"team"`
	InvitedBy  string     `json:"invitedBy"` // the name at that time
	ExpiresAt  time.Time  `json:"expiresAt"`
	AcceptedAt *time.Time `json:"acceptedAt"`
	RevokedAt  *time.Time `json:"revokedAt"`
	Version    int64      `json:"version"`
	CreatedAt  time.Time  `json:"createdAt"`
}

// The states of an invitation.
const (
	Open     = "open"
	Accepted = "accepted"
	Expired  = "expired"
	Revoked  = "revoked"
)

// State tells whether the invitation can be used at this time.
func (i Invitation) State(now time.Time) string {
	switch {
	case i.AcceptedAt != nil:
		return Accepted
	case i.RevokedAt != nil:
		return Revoked
	case !i.ExpiresAt.After(now):
		return Expired
	}
	return Open
}

// Ids are UUIDv7: their order is the order of making, carried by the primary key.
var invitationOrder = db.Order{Name: "createdAt", Expr: "i.id", ID: "i.id", Type: "uuid", Desc: true}

const (
	invitationColumns = `i.id, i.email, i.role, i.team_id, coalesce(t.name, '')::text AS team_name, i.inviter_name, i.version,
		i.created_at, i.expires_at, i.accepted_at, i.revoked_at`
	invitationFrom = "invitations i LEFT JOIN teams t ON t.tenant_id = i.tenant_id AND t.id = i.team_id"
)

type invitationRow struct {
	db.ReadInvitationRow
	db.Place
}

// InvitationPage is one page of invitations, newest first.
type InvitationPage struct {
	Invitations []Invitation
	Prev, Next  string // cursors of the neighbouring pages, "" where there is none
}

// Invitations lists the invitations of the principal's tenant, used and revoked
// ones too.
func (s *Service) Invitations(ctx context.Context, p auth.Principal, r auth.PageRequest) (InvitationPage, error) {
	if err := p.Require(auth.PeopleConfigure); err != nil {
		return InvitationPage{}, err
	}
	var f apperr.Fields
	if r.Limit == 0 {
		r.Limit = 25
	}
	f.Check(r.Limit >= 1 && r.Limit <= 100, "limit", "Choose a number from 1 to 100.")
	at, err := db.ParseCursor(r.Cursor, invitationOrder)
	f.Check(err == nil, "cursor", badPlace)
	if err := f.Err(); err != nil {
		return InvitationPage{}, err
	}
	list := db.NewList(invitationColumns, invitationFrom, "i", p.TenantID)
	rows, prev, next, err := db.Page[invitationRow](ctx, s.db.Tenant(p.TenantID), list, invitationOrder, at, r.Limit)
	if errors.Is(err, db.ErrBadCursor) {
		f.Add("cursor", badPlace)
		return InvitationPage{}, f.Err()
	}
	if err != nil {
		return InvitationPage{}, fmt.Errorf("list invitations: %w", err)
	}
	page := InvitationPage{Invitations: make([]Invitation, len(rows)), Prev: prev, Next: next}
	for i, row := range rows {
		page.Invitations[i] = invitationFromRow(row.ReadInvitationRow)
	}
	return page, nil
}

const badPlace = "This place in the list is no longer known. Start again from the first page."

// OpenInvitations lists those that nobody used or took back, newest first, expired
// ones too; at most 500.
func (s *Service) OpenInvitations(ctx context.Context, p auth.Principal) ([]Invitation, error) {
	if err := p.Require(auth.PeopleConfigure); err != nil {
		return nil, err
	}
	rows, err := s.db.Tenant(p.TenantID).ListOpenInvitations(ctx, p.TenantID)
	if err != nil {
		return nil, fmt.Errorf("list open invitations: %w", err)
	}
	out := make([]Invitation, len(rows))
	for i, row := range rows {
		out[i] = invitationFromRow(db.ReadInvitationRow(row))
	}
	return out, nil
}

func readInvitation(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (Invitation, error) {
	row, err := q.ReadInvitation(ctx, db.ReadInvitationParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Invitation{}, apperr.New(apperr.NotFound, "This invitation does not exist.")
	}
	if err != nil {
		return Invitation{}, fmt.Errorf("read the invitation: %w", err)
	}
	return invitationFromRow(row), nil
}

func invitationFromRow(r db.ReadInvitationRow) Invitation {
	return Invitation{
		ID: r.ID, Email: r.Email, Role: auth.Role(r.Role), TeamID: r.TeamID, Team: r.TeamName, InvitedBy: r.InviterName, ExpiresAt: r.ExpiresAt,
		AcceptedAt: r.AcceptedAt, RevokedAt: r.RevokedAt, Version: r.Version, CreatedAt: r.CreatedAt,
	}
}
