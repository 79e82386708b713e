package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

const entityKey = "api_key"

// APIKey is what may be shown of a key: everything but its secret.
type APIKey struct {
	ID         uuid.UUID  `json:"id"`
	Name       string     `json:"name"`
	Prefix     string     `json:"prefix"` // what the secret begins with
	Role       Role       `json:"role"`
	Scopes     []Right    `json:"scopes"` // empty: all that the role has
	ExpiresAt  *time.Time `json:"expiresAt"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
	RevokedAt  *time.Time `json:"revokedAt"`
	CreatedAt  time.Time  `json:"createdAt"`
	// PreviousUntil is how long the secret from before the last rotation works; it may have passed.
	PreviousUntil *time.Time `json:"previousUntil"`
	RotatedAt     *time.Time `json:"rotatedAt"`
	Version       int64      `json:"version"`
}

// The states of a key.
const (
	KeyActive  = "active"
	KeyExpired = "expired"
	KeyRevoked = "revoked"
)

// State tells whether the key works at this time.
func (k APIKey) State(now time.Time) string {
	switch {
	case k.RevokedAt != nil:
		return KeyRevoked
	case expired(k.ExpiresAt, now):
		return KeyExpired
	}
	return KeyActive
}

// Overlaps reports whether two secrets of the key work at this time.
func (k APIKey) Overlaps(now time.Time) bool {
	return k.State(now) == KeyActive && k.PreviousUntil != nil && k.PreviousUntil.After(now)
}

// PageRequest chooses a page of a list.
type PageRequest struct {
	Cursor string // from the page before; "" for the first
	Limit  int    // 1 to 100; 25 when zero
}

// APIKeyPage is one page of keys, newest first.
type APIKeyPage struct {
	Keys       []APIKey
	Prev, Next string // cursors of the neighbouring pages, "" where there is none
}

// Ids are UUIDv7: their order is the order of making, carried by the primary key.
var keyOrder = db.Order{Name: "createdAt", Expr: "k.id", ID: "k.id", Type: "uuid", Desc: true}

const keyColumns = "k.id, k.name, k.prefix, k.role, k.scopes, k.expires_at, k.last_used_at, k.revoked_at, k.previous_until, k.rotated_at, k.version, k.created_at"

type keyRow struct {
	db.ReadAPIKeyRow
	db.Place
}

// APIKeys lists the keys of the principal's tenant, revoked ones too.
func (s *Service) APIKeys(ctx context.Context, p Principal, r PageRequest) (APIKeyPage, error) {
	if err := p.Require(KeysConfigure); err != nil {
		return APIKeyPage{}, err
	}
	rows, prev, next, err := readPage[keyRow](ctx, s.db.Tenant(p.TenantID), db.NewList(keyColumns, "api_keys k", "k", p.TenantID), keyOrder, r)
	if err != nil {
		return APIKeyPage{}, err
	}
	page := APIKeyPage{Keys: make([]APIKey, len(rows)), Prev: prev, Next: next}
	for i, row := range rows {
		page.Keys[i] = keyFromRow(row.ReadAPIKeyRow)
	}
	return page, nil
}

// readPage reads one page of a list, refusing what is not a page of it.
func readPage[T interface{ At() db.Place }](ctx context.Context, q *db.Queries, l *db.List, o db.Order, r PageRequest) (rows []T, prev, next string, err error) {
	var f apperr.Fields
	if r.Limit == 0 {
		r.Limit = 25
	}
	f.Check(r.Limit >= 1 && r.Limit <= 100, "limit", "Choose a number from 1 to 100.")
	at, err := db.ParseCursor(r.Cursor, o)
	f.Check(err == nil, "cursor", badPlace)
	if err := f.Err(); err != nil {
		return nil, "", "", err
	}
	rows, prev, next, err = db.Page[T](ctx, q, l, o, at, r.Limit)
	if errors.Is(err, db.ErrBadCursor) {
		f.Add("cursor", badPlace)
		return nil, "", "", f.Err()
	}
	if err != nil {
		return nil, "", "", fmt.Errorf("read a page: %w", err)
	}
	return rows, prev, next, nil
}

const badPlace = "This place in the list is no longer known. Start again from the first page."

// AddAPIKey makes a key on behalf of the principal, whose role and rights it
// cannot exceed. secret is returned this once only; it is "" when the call repeats
// an earlier one under the same idempotency key.
func (s *Service) AddAPIKey(ctx context.Context, p Principal, in APIKeyInput) (key APIKey, secret string, err error) {
	if err := p.Require(KeysConfigure); err != nil {
		return APIKey{}, "", err
	}
	if err := in.validate(s.now()); err != nil {
		return APIKey{}, "", err
	}
	if err := in.withinReach(p); err != nil {
		return APIKey{}, "", err
	}
	return s.insertAPIKey(ctx, p.Actor(), in)
}

// withinReach refuses a key that could do what its maker cannot.
func (in *APIKeyInput) withinReach(p Principal) error {
	var f apperr.Fields
	f.Check(in.Role.Within(p.Role), "role", "A key cannot have a wider role than your own.")
	rights := in.Scopes
	if len(rights) == 0 {
		rights = Rights
	}
	for _, r := range rights {
		f.Check(!in.Role.Has(r) || p.Can(r), "scopes", fmt.Sprintf("You do not have %s yourself, so the key cannot have it either.", r))
	}
	return f.Err()
}

// RevokeAPIKey ends a key at once. Doing it again changes nothing. version is what
// the caller last saw, nil for any; an older one is a Conflict.
func (s *Service) RevokeAPIKey(ctx context.Context, p Principal, id uuid.UUID, version *int64) (APIKey, error) {
	if err := p.Require(KeysConfigure); err != nil {
		return APIKey{}, err
	}
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, s.write, p.Actor(), "api_key.revoke", input, func(ctx context.Context, tx *change.Tx) (APIKey, error) {
		before, err := lockKey(ctx, tx, p, id, version)
		if err != nil {
			return APIKey{}, err
		}
		n, err := tx.Q.RevokeAPIKey(ctx, db.RevokeAPIKeyParams{TenantID: p.TenantID, ID: id, Now: &tx.Now})
		if err != nil {
			return APIKey{}, fmt.Errorf("revoke the API key: %w", err)
		}
		after, err := readKey(ctx, tx.Q, p, id)
		if err != nil || n == 0 {
			return after, err
		}
		return after, tx.Record(ctx, change.Event{Action: "api_key.revoke", Entity: entityKey, EntityID: id, Before: before, After: after})
	})
}

func readKey(ctx context.Context, q *db.Queries, p Principal, id uuid.UUID) (APIKey, error) {
	row, err := q.ReadAPIKey(ctx, db.ReadAPIKeyParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return APIKey{}, apperr.New(apperr.NotFound, "This API key does not exist.")
	}
	if err != nil {
		return APIKey{}, fmt.Errorf("read the API key: %w", err)
	}
	return keyFromRow(row), nil
}

func keyFromRow(r db.ReadAPIKeyRow) APIKey {
	k := APIKey{
		ID: r.ID, Name: r.Name, Prefix: keyMark + r.Prefix, Role: Role(r.Role), Scopes: make([]Right, len(r.Scopes)),
		ExpiresAt: r.ExpiresAt, LastUsedAt: r.LastUsedAt, RevokedAt: r.RevokedAt, CreatedAt: r.CreatedAt,
		PreviousUntil: r.PreviousUntil, RotatedAt: r.RotatedAt, Version: r.Version,
	}
	for i, right := range r.Scopes {
		k.Scopes[i] = Right(right)
	}
	return k
}
