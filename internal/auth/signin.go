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
	"payaid/internal/cache"
	"payaid/internal/change"
)

// SignedIn is the outcome of a sign-in: who, and the tenant to begin in.
type SignedIn struct {
	UserID   uuid.UUID
	TenantID uuid.UUID
}

// SignIn checks e-mail and password. Every failure answers the same sentence
// after the same work, so that nobody can find out which e-mails have accounts, nor
// who has a second factor. A right password of somebody who has one is noted as no
// more than that: the second factor completes the sign-in.
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
	return s.open(ctx, user, map[string]any{"how": "password"}, r, nil)
}

// open is the end of every first step of signing in: it finds the business to begin in and
// notes the sign-in with how for the audit log, or the first step alone where a second
// factor completes it. first, when not nil, is done in the same transaction.
func (s *Service) open(ctx context.Context, user db.User, how map[string]any, r Request, first func(context.Context, *change.Tx) error) (SignedIn, error) {
	home, err := s.FirstHome(ctx, user.ID)
	if err != nil {
		return SignedIn{}, err
	}
	factors, err := s.db.Global().GetSecondFactors(ctx, user.ID)
	if err != nil {
		return SignedIn{}, fmt.Errorf("look for second factors: %w", err)
	}
	out := SignedIn{UserID: user.ID, TenantID: home}
	actor := change.Actor{TenantID: out.TenantID, ID: user.ID, Kind: change.ActorUser, Name: user.Name, IP: r.IP, RequestID: r.ID}
	return change.Do(ctx, s.write, actor, "user.sign_in", nil, func(ctx context.Context, tx *change.Tx) (SignedIn, error) {
		if first != nil {
			if err := first(ctx, tx); err != nil {
				return SignedIn{}, err
			}
		}
		if factors.TotpSince != nil || factors.Passkeys > 0 {
			return out, tx.Record(ctx, change.Event{Action: "user.first_step", Entity: "user", EntityID: user.ID, After: how})
		}
		if err := tx.Q.TouchUserLogin(ctx, db.TouchUserLoginParams{ID: user.ID, Now: &tx.Now}); err != nil {
			return SignedIn{}, fmt.Errorf("note the sign-in: %w", err)
		}
		if err := TagEverywhere(ctx, tx, user.ID); err != nil {
			return SignedIn{}, err
		}
		return out, tx.Record(ctx, change.Event{Action: "user.sign_in", Entity: "user", EntityID: user.ID, After: how})
	})
}

// FirstHome returns the tenant in which a person begins, or NoPermission when they
// belong to none.
func (s *Service) FirstHome(ctx context.Context, user uuid.UUID) (uuid.UUID, error) {
	homes, err := s.Homes(ctx, user)
	if err != nil {
		return uuid.Nil, err
	}
	if len(homes) == 0 {
		return uuid.Nil, apperr.New(apperr.NoPermission, "Your account belongs to no active business. Ask an administrator to invite you.")
	}
	return homes[0].TenantID, nil
}

// storable reports whether s is a text that PostgreSQL takes: it refuses NUL and
// broken UTF-8.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// SignOut notes in the audit log that the person left.
func (s *Service) SignOut(ctx context.Context, p Principal) error {
	_, err := change.Do(ctx, s.write, p.Actor(), "user.sign_out", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, tx.Record(ctx, change.Event{Action: "user.sign_out", Entity: "user", EntityID: p.UserID, Note: true})
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
	Email  string
}

// colleaguesLife bounds what the people of a tenant that nobody asks for take up.
const colleaguesLife = time.Hour

var keptColleagues = cache.JSON[[]Colleague]("colleagues-1")

// Colleagues lists the people of the principal's tenant, for pickers.
func (s *Service) Colleagues(ctx context.Context, p Principal) ([]Colleague, error) {
	it := cache.Item{Tenant: p.TenantID, Key: "colleagues", Tags: []string{TagPeople}, TTL: colleaguesLife}
	return cache.Remember(ctx, s.cache, it, keptColleagues, func(ctx context.Context) ([]Colleague, error) {
		rows, err := s.db.Tenant(p.TenantID).ListMembers(ctx, p.TenantID)
		if err != nil {
			return nil, fmt.Errorf("list members: %w", err)
		}
		out := make([]Colleague, len(rows))
		for i, r := range rows {
			out[i] = Colleague{UserID: r.UserID, Name: r.Name, Email: r.Email}
		}
		return out, nil
	})
}
