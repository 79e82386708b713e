package auth

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// SignedIn is the outcome of a sign-in: who, and the tenant to begin in.
type SignedIn struct {
	UserID   uuid.UUID
	TenantID uuid.UUID
}

// SignIn checks e-mail and password. Every failure answers the same sentence
// after the same work, so that nobody can find out which e-mails have accounts.
func (s *Service) SignIn(ctx context.Context, email, password string, r Request) (SignedIn, error) {
	refused := apperr.New(apperr.BadCredentials, "This e-mail and password do not belong together.")
	email = strings.ToLower(strings.TrimSpace(email))
	if !storable(email) {
		email = "" // nobody's
	}
	user, err := s.db.Global().GetUserByEmail(ctx, email)
	known := err == nil
	if err != nil && !db.IsNoRows(err) {
		return SignedIn{}, fmt.Errorf("look for the user: %w", err)
	}
	hash := s.decoy
	if known {
		hash = user.PasswordHash
	}
	ok, err := s.hasher.matches(ctx, hash, password)
	if err != nil {
		return SignedIn{}, fmt.Errorf("check the password: %w", err)
	}
	if !known || !ok || user.DisabledAt != nil {
		return SignedIn{}, refused
	}
	homes, err := s.db.Global().ListMembershipsOfUser(ctx, user.ID)
	if err != nil {
		return SignedIn{}, fmt.Errorf("list memberships: %w", err)
	}
	if len(homes) == 0 {
		return SignedIn{}, apperr.New(apperr.NoPermission, "Your account belongs to no active business. Ask an administrator to invite you.")
	}
	out := SignedIn{UserID: user.ID, TenantID: homes[0].TenantID}
	actor := change.Actor{TenantID: out.TenantID, ID: user.ID, Kind: change.ActorUser, Name: user.Name, IP: r.IP, RequestID: r.ID}
	return change.Do(ctx, s.write, actor, "user.sign_in", nil, func(ctx context.Context, tx *change.Tx) (SignedIn, error) {
		if err := tx.Q.TouchUserLogin(ctx, db.TouchUserLoginParams{ID: user.ID, Now: &tx.Now}); err != nil {
			return SignedIn{}, fmt.Errorf("note the sign-in: %w", err)
		}
		return out, tx.Record(ctx, change.Event{Action: "user.sign_in", Entity: "user", EntityID: user.ID})
	})
}

// storable reports whether s is a text that PostgreSQL takes: it refuses NUL and
// broken UTF-8.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// SignOut notes in the audit log that the person left.
func (s *Service) SignOut(ctx context.Context, p Principal) error {
	_, err := change.Do(ctx, s.write, p.Actor(), "user.sign_out", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, tx.Record(ctx, change.Event{Action: "user.sign_out", Entity: "user", EntityID: p.UserID})
	})
	return err
}

// Member returns the principal that a session of user in tenant, begun at since,
// stands for. It answers Unauthorized once the session is void: the person was
// disabled, left the tenant, or ended all sessions.
func (s *Service) Member(ctx context.Context, tenant, user uuid.UUID, since time.Time) (Principal, error) {
	over := apperr.New(apperr.Unauthorized, "Your session is over. Please sign in again.")
	m, err := s.db.Tenant(tenant).GetMember(ctx, db.GetMemberParams{TenantID: tenant, UserID: user})
	if db.IsNoRows(err) {
		return Principal{}, over
	}
	if err != nil {
		return Principal{}, fmt.Errorf("load the member: %w", err)
	}
	if m.DisabledAt != nil || m.TenantStatus != "active" || since.Before(m.SessionsValidAfter) {
		return Principal{}, over
	}
	return memberPrincipal(tenant, m)
}

// Colleague is a member of the tenant as others see them.
type Colleague struct {
	UserID uuid.UUID
	Name   string
}

// Colleagues lists the people of the principal's tenant, for pickers.
func (s *Service) Colleagues(ctx context.Context, p Principal) ([]Colleague, error) {
	rows, err := s.db.Tenant(p.TenantID).ListMembers(ctx, p.TenantID)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	out := make([]Colleague, len(rows))
	for i, r := range rows {
		out[i] = Colleague{UserID: r.UserID, Name: r.Name}
	}
	return out, nil
}
