package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// Home is a business that somebody belongs to.
type Home struct {
	TenantID uuid.UUID
	Name     string
	Role     Role
}

// Homes lists the businesses that a person belongs to, the one used last first;
// at most 100. Suspended ones are not among them.
func (s *Service) Homes(ctx context.Context, user uuid.UUID) ([]Home, error) {
	rows, err := s.db.Global().ListMembershipsOfUser(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("list memberships: %w", err)
	}
	out := make([]Home, len(rows))
	for i, r := range rows {
		out[i] = Home{TenantID: r.TenantID, Name: r.TenantName, Role: Role(r.Role)}
	}
	return out, nil
}

// Switch lets the person go on in another of their businesses, which their next
// sign-in begins in, too. One they do not belong to, or that is suspended, is
// NotFound.
func (s *Service) Switch(ctx context.Context, p Principal, tenant uuid.UUID) (SignedIn, error) {
	if p.IsKey() {
		return SignedIn{}, apperr.New(apperr.NoPermission, "An API key belongs to one business.")
	}
	actor := p.Actor()
	actor.TenantID = tenant
	// Nothing is kept of an idempotency key: the tenant may not be one of theirs.
	actor.IdempotencyKey = ""
	return change.Do(ctx, s.write, actor, "user.switch", nil, func(ctx context.Context, tx *change.Tx) (SignedIn, error) {
		if err := useMembership(ctx, tx, p.UserID); err != nil {
			return SignedIn{}, err
		}
		return SignedIn{UserID: p.UserID, TenantID: tenant}, tx.Record(ctx, change.Event{Action: "user.switch", Entity: entityPerson, EntityID: p.UserID})
	})
}

// useMembership remembers that the person works in the tenant of the write now.
func useMembership(ctx context.Context, tx *change.Tx, user uuid.UUID) error {
	n, err := tx.Q.UseMembership(ctx, db.UseMembershipParams{TenantID: tx.Actor.TenantID, UserID: user, Now: &tx.Now})
	if err == nil && n == 0 {
		return apperr.New(apperr.NotFound, "You do not belong to this business, or it is suspended.")
	}
	return wrap(err, "remember the business")
}

// Join makes an existing account a member of the tenant of the write, with its
// audit entry. Whoever belongs to it already keeps their role and team.
func Join(ctx context.Context, tx *change.Tx, user uuid.UUID, role Role, team *uuid.UUID) error {
	tenant := tx.Actor.TenantID
	_, err := tx.Q.GetMember(ctx, db.GetMemberParams{TenantID: tenant, UserID: user})
	if err != nil && !db.IsNoRows(err) {
		return fmt.Errorf("look for the member: %w", err)
	}
	if err != nil {
		if err := tx.Q.InsertMembership(ctx, db.InsertMembershipParams{TenantID: tenant, UserID: user, Role: string(role), TeamID: team, Now: tx.Now}); err != nil {
			return fmt.Errorf("insert the membership: %w", err)
		}
		if err := tx.Record(ctx, change.Event{Action: "user.join", Entity: entityPerson, EntityID: user, After: map[string]any{"role": role, "teamId": team}}); err != nil {
			return err
		}
	}
	return useMembership(ctx, tx, user)
}

// Enter writes an account that begins its first session in this moment.
func (n NewUser) Enter(ctx context.Context, tx *change.Tx) error {
	if _, err := n.Insert(ctx, tx); err != nil {
		return err
	}
	tx.Tag(tagMember(n.ID), TagPeople)
	if err := tx.Q.TouchUserLogin(ctx, db.TouchUserLoginParams{ID: n.ID, Now: &tx.Now}); err != nil {
		return fmt.Errorf("note the sign-in: %w", err)
	}
	return useMembership(ctx, tx, n.ID)
}

// Prove checks the password of an account that nobody can sign in with, since it
// belongs to no business, and returns the person's name. It answers
// BadCredentials; guessing is limited by the caller.
func (s *Service) Prove(ctx context.Context, email, password string) (name string, err error) {
	user, err := s.db.Global().GetUserByEmail(ctx, email)
	if err != nil {
		return "", fmt.Errorf("load the user: %w", err)
	}
	ok, err := s.hasher.matches(ctx, user.PasswordHash, password)
	if err != nil {
		return "", fmt.Errorf("check the password: %w", err)
	}
	if !ok || user.DisabledAt != nil {
		return "", apperr.New(apperr.BadCredentials, "This is not the password of your account.")
	}
	return user.Name, nil
}
