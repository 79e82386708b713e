package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// Overlap is how long the old secret of a rotated key still works.
type Overlap string

// The overlaps. OverlapNone is for a secret that somebody else may have seen.
const (
	OverlapNone Overlap = "now"
	OverlapHour Overlap = "1h"
	OverlapDay  Overlap = "24h"
	OverlapWeek Overlap = "7d"
)

// Overlaps lists every overlap, shortest first.
var Overlaps = []Overlap{OverlapNone, OverlapHour, OverlapDay, OverlapWeek}

func (o Overlap) duration() time.Duration {
	switch o {
	case OverlapHour:
		return time.Hour
	case OverlapDay:
		return 24 * time.Hour
	case OverlapWeek:
		return 7 * 24 * time.Hour
	}
	return 0
}

// APIKey returns one key of the principal's tenant, or NotFound.
func (s *Service) APIKey(ctx context.Context, p Principal, id uuid.UUID) (APIKey, error) {
	if err := p.Require(KeysConfigure); err != nil {
		return APIKey{}, err
	}
	return readKey(ctx, s.db.Tenant(p.TenantID), p, id)
}

// RotateAPIKey gives a key a new secret; name, role, rights, prefix and expiry
// stay. The secret that worked until now works for the overlap, one from before
// that ends at once. secret is returned this once only; it is "" when the call
// repeats an earlier one under the same idempotency key. version is what the
// caller last saw, nil for any; an older one is a Conflict.
func (s *Service) RotateAPIKey(ctx context.Context, p Principal, id uuid.UUID, overlap Overlap, version *int64) (key APIKey, secret string, err error) {
	if err := p.Require(KeysConfigure); err != nil {
		return APIKey{}, "", err
	}
	var f apperr.Fields
	f.Check(slices.Contains(Overlaps, overlap), "overlap", "Choose now, 1h, 24h or 7d.")
	if err := f.Err(); err != nil {
		return APIKey{}, "", err
	}
	input := struct {
		ID      uuid.UUID
		Overlap Overlap
		Version *int64
	}{id, overlap, version}
	key, err = change.Do(ctx, s.write, p.Actor(), "api_key.rotate", input, func(ctx context.Context, tx *change.Tx) (APIKey, error) {
		before, err := lockKey(ctx, tx, p, id, version)
		if err != nil {
			return APIKey{}, err
		}
		if err := before.rotatable(p, tx.Now); err != nil {
			return APIKey{}, err
		}
		body, err := randomText(32)
		if err != nil {
			return APIKey{}, err
		}
		secret = before.Prefix + "_" + body
		sum := sha256.Sum256([]byte(secret))
		params := db.RotateAPIKeyParams{TenantID: p.TenantID, ID: id, SecretHash: sum[:], Now: &tx.Now}
		if d := overlap.duration(); d > 0 {
			until := tx.Now.Add(d)
			params.PreviousUntil = &until
		}
		if err := tx.Q.RotateAPIKey(ctx, params); err != nil {
			return APIKey{}, fmt.Errorf("rotate the API key: %w", err)
		}
		after, err := readKey(ctx, tx.Q, p, id)
		if err != nil {
			return APIKey{}, err
		}
		return after, tx.Record(ctx, change.Event{Action: "api_key.rotate", Entity: entityKey, EntityID: id, Before: before, After: after})
	})
	return key, secret, err
}

// rotatable refuses a key that no longer works, and one that could do what the
// principal cannot: its new secret would be the principal's.
func (k APIKey) rotatable(p Principal, now time.Time) error {
	if state := k.State(now); state != KeyActive {
		return apperr.New(apperr.BusinessRule, "This key is %s. Make a new one instead.", state)
	}
	in := APIKeyInput{Role: k.Role, Scopes: k.Scopes}
	if err := in.withinReach(p); err != nil {
		e := apperr.From(err)
		return apperr.Wrap(err, apperr.NoPermission, "You cannot rotate this key. %s", strings.TrimSpace(e.Details[0].Message))
	}
	return nil
}

// lockKey holds the key for the rest of the transaction, provided that the caller
// saw this version.
func lockKey(ctx context.Context, tx *change.Tx, p Principal, id uuid.UUID, version *int64) (APIKey, error) {
	_, err := tx.Q.LockAPIKey(ctx, db.LockAPIKeyParams{TenantID: p.TenantID, ID: id})
	if err != nil && !db.IsNoRows(err) {
		return APIKey{}, fmt.Errorf("lock the API key: %w", err)
	}
	now, err := readKey(ctx, tx.Q, p, id)
	if err != nil {
		return APIKey{}, err
	}
	if version != nil && *version != now.Version {
		e := apperr.New(apperr.Conflict, "Somebody changed this key after you read it.")
		e.Version = now.Version
		return APIKey{}, e
	}
	return now, nil
}
