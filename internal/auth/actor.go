package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// ByActor returns the principal that the actor of an earlier write is today: a
// job runs with the rights that whoever started it has now. It answers
// Unauthorized when the person was disabled or left the tenant, when the key was
// revoked or has expired, and when the tenant is suspended.
func (s *Service) ByActor(ctx context.Context, tenant uuid.UUID, kind string, id uuid.UUID) (Principal, error) {
	switch kind {
	case change.ActorUser:
		return s.userByID(ctx, tenant, id)
	case change.ActorAPIKey:
		return s.keyByID(ctx, tenant, id)
	}
	return Principal{}, fmt.Errorf("auth: an actor of kind %q is no principal", kind)
}

func (s *Service) userByID(ctx context.Context, tenant, id uuid.UUID) (Principal, error) {
	m, err := s.db.Tenant(tenant).GetMember(ctx, db.GetMemberParams{TenantID: tenant, UserID: id})
	if err != nil && !db.IsNoRows(err) {
		return Principal{}, fmt.Errorf("load the member: %w", err)
	}
	if err != nil || m.DisabledAt != nil || m.TenantStatus != "active" {
		return Principal{}, apperr.New(apperr.Unauthorized, "The person who started this no longer works here.")
	}
	return memberPrincipal(tenant, m)
}

func (s *Service) keyByID(ctx context.Context, tenant, id uuid.UUID) (Principal, error) {
	k, err := s.db.Tenant(tenant).GetAPIKey(ctx, db.GetAPIKeyParams{TenantID: tenant, ID: id})
	if err != nil && !db.IsNoRows(err) {
		return Principal{}, fmt.Errorf("load the API key: %w", err)
	}
	if err != nil || k.RevokedAt != nil || k.TenantStatus != "active" || expired(k.ExpiresAt, s.now()) {
		return Principal{}, apperr.New(apperr.Unauthorized, "The API key that started this is no longer valid.")
	}
	return keyPrincipal(tenant, db.GetAPIKeyByPrefixRow(k)), nil
}

func memberPrincipal(tenant uuid.UUID, m db.GetMemberRow) (Principal, error) {
	p := Principal{
		TenantID: tenant, TenantName: m.TenantName, TenantSlug: m.TenantSlug, TimeZone: m.TimeZone,
		UserID: m.UserID, Name: m.Name, Email: m.Email, Role: Role(m.Role), TeamID: m.TeamID, PlatformAdmin: m.PlatformAdmin,
		SecondFactorMissing: m.SecondFactorMissing,
		Look:                Look{Theme: m.Theme, SingleKeys: m.SingleKeys, Photo: m.Photo, Logo: m.Logo, OtherHomes: m.HasOtherHomes, Unread: int(m.Unread)},
	}
	if err := json.Unmarshal(m.ViewScopes, &p.viewScopes); err != nil {
		return Principal{}, fmt.Errorf("read the view scopes: %w", err)
	}
	return p, nil
}

func keyPrincipal(tenant uuid.UUID, k db.GetAPIKeyByPrefixRow) Principal {
	p := Principal{
		TenantID: tenant, TenantName: k.TenantName, TenantSlug: k.TenantSlug, TimeZone: k.TimeZone,
		KeyID: k.ID, Name: k.Name, Role: Role(k.Role),
	}
	for _, r := range k.Scopes {
		p.keyScopes = append(p.keyScopes, Right(r))
	}
	return p
}

func expired(at *time.Time, now time.Time) bool { return at != nil && !at.After(now) }
