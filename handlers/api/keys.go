package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/respond"
	"payaid/internal/auth"
)

const keysTag = "API keys"

// Key is an API key without its secret.
type Key struct {
	ID         uuid.UUID  `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c49"`
	Name       string     `json:"name" example:"Web shop"`
	Prefix     string     `json:"prefix" example:"pk_mzxw6ytboi" doc:"What the secret begins with"`
	Role       string     `json:"role" enum:"admin,manager,member" example:"member"`
	Scopes     []string   `json:"scopes" nullable:"false" example:"contacts:read" doc:"The rights it keeps of the role; empty when it has all of them"`
	ExpiresAt  *time.Time `json:"expiresAt" example:"2027-02-20T06:30:00Z" doc:"null when it does not expire"`
	LastUsedAt *time.Time `json:"lastUsedAt" example:"2026-11-22T06:30:00Z" doc:"To the minute"`
	RevokedAt  *time.Time `json:"revokedAt" doc:"When it was ended; null while it was not"`
	CreatedAt  time.Time  `json:"createdAt" example:"2026-11-22T06:30:00Z"`

	RotatedAt     *time.Time `json:"rotatedAt" doc:"When it got its secret; null while it has its first one"`
	PreviousUntil *time.Time `json:"previousUntil" doc:"How long the secret from before the last rotation works; null when it ended at once"`
}

// NewKey is a key with its secret.
type NewKey struct {
	Key
	Secret string `json:"secret" example:"pk_mzxw6ytboi_…" doc:"Shown this once. Empty when the answer repeats an earlier one under the same Idempotency-Key: revoke the key then and make another"`
}

func apiKeyOf(k auth.APIKey) Key {
	out := Key{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Role: string(k.Role), Scopes: make([]string, len(k.Scopes)),
		ExpiresAt: utc(k.ExpiresAt), LastUsedAt: utc(k.LastUsedAt), RevokedAt: utc(k.RevokedAt), CreatedAt: k.CreatedAt.UTC(),
		RotatedAt: utc(k.RotatedAt), PreviousUntil: utc(k.PreviousUntil),
	}
	for i, r := range k.Scopes {
		out.Scopes[i] = string(r)
	}
	return out
}

// KeyFields describe a new key.
type KeyFields struct {
	Name      string     `json:"name" required:"false" maxLength:"100" example:"Web shop"`
	Role      string     `json:"role" required:"false" enum:"admin,manager,member" example:"member" doc:"Not wider than your own"`
	Scopes    []string   `json:"scopes" required:"false" example:"contacts:read" doc:"The rights to keep of the role; all of them when left out"`
	ExpiresAt *time.Time `json:"expiresAt" required:"false" example:"2027-02-20T06:30:00Z" doc:"When it stops to work; never when left out"`
}

type listKeysInput struct {
	Reader
	Paging
}

type createKeyInput struct {
	Writer
	Body KeyFields
}

type revokeKeyInput struct {
	Change
	ID uuid.UUID `path:"id" format:"uuid" doc:"The key's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c49"`
}

type rotateKeyInput struct {
	Change
	ID   uuid.UUID `path:"id" format:"uuid" doc:"The key's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c49"`
	Body struct {
		Overlap string `json:"overlap" required:"false" enum:"now,1h,24h,7d" example:"24h" doc:"How long the old secret still works; now ends it at once"`
	}
}

// rotatedAnswer is a key with its new secret, which nobody may keep.
type rotatedAnswer struct {
	CacheControl string `header:"Cache-Control" doc:"no-store"`
	ETag         string `header:"ETag" doc:"The key's version, for If-Match" example:"\"2\""`
	Body         Record[NewKey]
}

// secretAnswer is a new key, which nobody may keep.
type secretAnswer struct {
	CacheControl string `header:"Cache-Control" doc:"no-store"`
	ETag         string `header:"ETag" doc:"The key's version, for If-Match" example:"\"1\""`
	Location     string `header:"Location" doc:"The path of the new key"`
	Body         Record[NewKey]
}

func (o *operations) apiKeys(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/api-keys", "list-api-keys", keysTag, "List API keys",
		`One page of the keys of the business, newest first, revoked ones too. Secrets are never shown.`), o.listKeys)
	huma.Register(api, created(operation(fiber.MethodPost, "/api-keys", "create-api-key", keysTag, "Make an API key",
		`Makes a key and answers its secret, this once. It can have no right that you do not have.`, 400, 415)), o.createKey)
	huma.Register(api, operation(fiber.MethodPost, "/api-keys/{id}/rotate", "rotate-api-key", keysTag, "Rotate an API key",
		`Gives a key a new secret and answers it, this once. Name, role, rights, prefix and expiry stay; the old secret works for the overlap. A key that can do more than you cannot be rotated by you.`, 400, 404, 412, 415), o.rotateKey)
	huma.Register(api, operation(fiber.MethodDelete, "/api-keys/{id}", "revoke-api-key", keysTag, "Revoke an API key",
		`The key stops to work at once and for ever. Doing it again changes nothing. The answer is the key as it is now.`, 404, 412), o.revokeKey)
}

func (o *operations) listKeys(ctx context.Context, in *listKeysInput) (*listAnswer[Key], error) {
	page, err := o.Auth.APIKeys(ctx, in.principal, auth.PageRequest{Cursor: in.Cursor, Limit: in.size()})
	if err != nil {
		return nil, err
	}
	meta := Meta{Limit: in.Limit, NextCursor: cursor(page.Next), PrevCursor: cursor(page.Prev)}
	return &listAnswer[Key]{Body: List[Key]{Data: each(page.Keys, apiKeyOf), Meta: meta}}, nil
}

func (o *operations) createKey(ctx context.Context, in *createKeyInput) (*secretAnswer, error) {
	input := auth.APIKeyInput{Name: in.Body.Name, Role: auth.Role(in.Body.Role), Expiry: in.Body.ExpiresAt}
	for _, scope := range in.Body.Scopes {
		input.Scopes = append(input.Scopes, auth.Right(scope))
	}
	k, secret, err := o.Auth.AddAPIKey(ctx, in.principal, input)
	if err != nil {
		return nil, err
	}
	return &secretAnswer{
		CacheControl: "no-store", ETag: respond.ETag(k.Version), Location: Prefix + "/api-keys/" + k.ID.String(),
		Body: Record[NewKey]{Data: NewKey{Key: apiKeyOf(k), Secret: secret}},
	}, nil
}

func (o *operations) revokeKey(ctx context.Context, in *revokeKeyInput) (*recordAnswer[Key], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	k, err := o.Auth.RevokeAPIKey(ctx, in.principal, in.ID, version)
	if err != nil {
		return nil, err
	}
	return recordOf(apiKeyOf(k), k.Version), nil
}

func (o *operations) rotateKey(ctx context.Context, in *rotateKeyInput) (*rotatedAnswer, error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	k, secret, err := o.Auth.RotateAPIKey(ctx, in.principal, in.ID, auth.Overlap(in.Body.Overlap), version)
	if err != nil {
		return nil, err
	}
	return &rotatedAnswer{
		CacheControl: "no-store", ETag: respond.ETag(k.Version), Body: Record[NewKey]{Data: NewKey{Key: apiKeyOf(k), Secret: secret}},
	}, nil
}
