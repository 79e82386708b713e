package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/cache"
)

// keyLife is how long what a key stands for is kept. A change that did not go
// through this program, such as a row revoked with SQL, counts within twice that.
const keyLife = 5 * time.Second

var keptKeys = cache.JSON[db.GetAPIKeyByPrefixRow]("key-1")

// UseCache has what API keys stand for kept in c. The writer that New got must mark
// its tags there.
func (s *Service) UseCache(c *cache.Cache) { s.cache = c }

// Key returns the principal that an API key stands for. Unknown, revoked and
// wrong keys answer the same; an expired one says so.
func (s *Service) Key(ctx context.Context, secret string) (Principal, error) {
	refused := apperr.New(apperr.Unauthorized, "This API key is not valid.")
	prefix, _, ok := strings.Cut(strings.TrimPrefix(secret, keyMark), "_")
	if !ok || !strings.HasPrefix(secret, keyMark) || len(secret) > 200 || !storable(secret) {
		return Principal{}, refused
	}
	tenant, err := s.keyTenant(ctx, prefix)
	if err != nil {
		return Principal{}, fmt.Errorf("look for the API key: %w", err)
	}
	if tenant == uuid.Nil {
		return Principal{}, refused
	}
	it := cache.Item{Tenant: tenant, Key: "api key " + prefix, Tags: []string{tagKeyList, tagTenant}, TTL: keyLife}
	row, err := cache.Remember(ctx, s.cache, it, keptKeys, func(ctx context.Context) (db.GetAPIKeyByPrefixRow, error) {
		return s.db.Tenant(tenant).GetAPIKeyByPrefix(ctx, db.GetAPIKeyByPrefixParams{TenantID: tenant, Prefix: prefix})
	})
	if db.IsNoRows(err) {
		return Principal{}, refused
	}
	if err != nil {
		return Principal{}, fmt.Errorf("load the API key: %w", err)
	}
	sum := sha256.Sum256([]byte(secret))
	switch {
	case !secretMatches(sum[:], row, s.now()), row.RevokedAt != nil, row.TenantStatus != "active":
		return Principal{}, refused
	case expired(row.ExpiresAt, s.now()):
		return Principal{}, apperr.New(apperr.TokenExpired, "This API key has expired.")
	}
	s.touchKey(ctx, tenant, row)
	return keyPrincipal(tenant, row), nil
}

// keyTenant returns whose key has the prefix, uuid.Nil for nobody's. That never
// changes, so it is asked once.
func (s *Service) keyTenant(ctx context.Context, prefix string) (uuid.UUID, error) {
	if tenant, ok := s.keyTenants.get(prefix); ok {
		return tenant, nil
	}
	tenant, err := s.db.Global().APIKeyTenant(ctx, prefix)
	if err == nil && tenant != uuid.Nil {
		s.keyTenants.set(prefix, tenant)
	}
	return tenant, err
}

// secretMatches compares with the key's secret and, while it works, with the one
// from before the last rotation.
func secretMatches(sum []byte, row db.GetAPIKeyByPrefixRow, now time.Time) bool {
	if subtle.ConstantTimeCompare(sum, row.SecretHash) == 1 {
		return true
	}
	return row.PreviousUntil != nil && row.PreviousUntil.After(now) && subtle.ConstantTimeCompare(sum, row.PreviousHash) == 1
}

// touchKey notes the use, at most once a minute. A failure must not refuse the
// request.
func (s *Service) touchKey(ctx context.Context, tenant uuid.UUID, row db.GetAPIKeyByPrefixRow) {
	now := s.now()
	stale := now.Add(-time.Minute)
	if row.LastUsedAt != nil && row.LastUsedAt.After(stale) {
		return
	}
	if noted, ok := s.keyUses.get(row.ID); ok && noted.After(stale) {
		return // the row was read before that
	}
	if err := s.db.Tenant(tenant).TouchAPIKey(ctx, db.TouchAPIKeyParams{TenantID: tenant, ID: row.ID, Now: &now, StaleBefore: stale}); err != nil {
		s.log.WarnContext(ctx, "last use of an API key not noted", "key", row.ID, "err", err)
		return
	}
	s.keyUses.set(row.ID, now)
}

// maxNoted bounds a noted.
const maxNoted = 10_000

// noted is what this process knows of keys. A full one begins anew.
type noted[K comparable, V any] struct {
	mu    sync.RWMutex
	known map[K]V
}

func (n *noted[K, V]) get(key K) (V, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	v, ok := n.known[key]
	return v, ok
}

func (n *noted[K, V]) set(key K, v V) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil || len(n.known) >= maxNoted {
		n.known = map[K]V{}
	}
	n.known[key] = v
}
