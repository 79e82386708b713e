package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// A key reads pk_<prefix>_<secret>: the prefix finds the row, the SHA-256 of the
// whole proves it. 32 random bytes need no slow hash.
const keyMark = "pk_"

var keyEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// APIKeyInput describes a new API key.
type APIKeyInput struct {
	Name   string
	Role   Role
	Scopes []Right    // empty: all that the role has
	Expiry *time.Time // nil: never
}

func (in *APIKeyInput) validate(now time.Time) error {
	var f apperr.Fields
	in.Name = strings.TrimSpace(in.Name)
	f.Check(in.Name != "" && utf8.RuneCountInString(in.Name) <= 100, "name", "Give the key a name of at most 100 characters.")
	f.Check(storable(in.Name), "name", "The name holds characters that cannot be stored.")
	f.Check(in.Role.Valid() && in.Role != Owner, "role", "Choose admin, manager or member.")
	for _, s := range in.Scopes {
		f.Check(slices.Contains(Rights, s), "scopes", fmt.Sprintf("There is no right called %q.", s))
		f.Check(in.Role.Has(s), "scopes", fmt.Sprintf("The role %s does not have %s.", in.Role, s))
	}
	f.Check(in.Expiry == nil || in.Expiry.After(now), "expiresAt", "Choose a time that is still to come.")
	return f.Err()
}

// CreateAPIKey makes a key for the tenant, called by the command line, and
// returns the secret. It is shown this once only.
func (s *Service) CreateAPIKey(ctx context.Context, tenant uuid.UUID, in APIKeyInput) (secret string, err error) {
	if err := in.validate(s.now()); err != nil {
		return "", err
	}
	_, secret, err = s.insertAPIKey(ctx, systemActor(tenant), in)
	return secret, err
}

// insertAPIKey makes the key and returns it with its secret, which is "" when an
// idempotency key replays an earlier call: the secret is kept nowhere.
func (s *Service) insertAPIKey(ctx context.Context, actor change.Actor, in APIKeyInput) (key APIKey, secret string, err error) {
	key, err = change.Do(ctx, s.write, actor, "api_key.create", in, func(ctx context.Context, tx *change.Tx) (APIKey, error) {
		prefix, err := randomText(6)
		if err != nil {
			return APIKey{}, err
		}
		body, err := randomText(32)
		if err != nil {
			return APIKey{}, err
		}
		secret = keyMark + prefix + "_" + body
		sum := sha256.Sum256([]byte(secret))
		k := APIKey{ID: uuid.Must(uuid.NewV7()), Version: 1, Name: in.Name, Prefix: keyMark + prefix, Role: in.Role, Scopes: append([]Right{}, in.Scopes...), ExpiresAt: in.Expiry, CreatedAt: tx.Now}
		err = tx.Q.InsertAPIKey(ctx, db.InsertAPIKeyParams{
			TenantID: actor.TenantID, ID: k.ID, Name: in.Name, Prefix: prefix, SecretHash: sum[:], Role: string(in.Role),
			Scopes: texts(in.Scopes), ExpiresAt: in.Expiry, Now: tx.Now,
		})
		if err != nil {
			return APIKey{}, fmt.Errorf("insert the API key: %w", err)
		}
		return k, tx.Record(ctx, change.Event{Action: "api_key.create", Entity: entityKey, EntityID: k.ID, After: k})
	})
	return key, secret, err
}

func texts(rights []Right) []string {
	out := make([]string, len(rights))
	for i, r := range rights {
		out[i] = string(r)
	}
	return out
}

func randomText(n int) (string, error) {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return strings.ToLower(keyEncoding.EncodeToString(b)), nil
}
