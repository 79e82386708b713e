-- name: InsertAPIKey :exec
INSERT INTO api_keys (tenant_id, id, name, prefix, secret_hash, role, scopes, expires_at, created_at)
VALUES (@tenant_id, @id, @name, @prefix, @secret_hash, @role, @scopes, @expires_at, @now);

-- name: APIKeyTenant :one
-- @sqlc-vet-disable tenant-scoped
-- the key arrives before its tenant is known: the function answers the tenant and no more
SELECT coalesce(api_key_tenant(@prefix), '00000000-0000-0000-0000-000000000000')::uuid AS tenant_id;

-- name: GetAPIKeyByPrefix :one
SELECT k.id, k.name, k.secret_hash, k.previous_hash, k.previous_until, k.role, k.scopes, k.expires_at, k.last_used_at, k.revoked_at, t.name AS tenant_name, t.slug AS tenant_slug, t.status AS tenant_status, t.time_zone
FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
WHERE k.tenant_id = @tenant_id AND k.prefix = @prefix;

-- name: TouchAPIKey :exec
-- At most one write a minute for a busy key.
UPDATE api_keys SET last_used_at = @now
WHERE tenant_id = @tenant_id AND id = @id
  AND (last_used_at IS NULL OR last_used_at < @stale_before::timestamptz);

-- name: GetAPIKey :one
SELECT k.id, k.name, k.secret_hash, k.previous_hash, k.previous_until, k.role, k.scopes, k.expires_at, k.last_used_at, k.revoked_at, t.name AS tenant_name, t.slug AS tenant_slug, t.status AS tenant_status, t.time_zone
FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
WHERE k.tenant_id = @tenant_id AND k.id = @id;

-- name: ReadAPIKey :one
-- What may be shown of a key.
SELECT id, name, prefix, role, scopes, expires_at, last_used_at, revoked_at, previous_until, rotated_at, version, created_at
FROM api_keys WHERE tenant_id = @tenant_id AND id = @id;

-- name: RevokeAPIKey :execrows
UPDATE api_keys SET revoked_at = @now, version = version + 1 WHERE tenant_id = @tenant_id AND id = @id AND revoked_at IS NULL;

-- name: LockAPIKey :one
SELECT version FROM api_keys WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: RotateAPIKey :exec
-- The secret that worked until now becomes the previous one, or ends at once where previous_until is NULL.
UPDATE api_keys SET previous_hash = CASE WHEN sqlc.narg(previous_until)::timestamptz IS NULL THEN NULL ELSE secret_hash END,
    previous_until = sqlc.narg(previous_until)::timestamptz, secret_hash = @secret_hash, rotated_at = @now, version = version + 1
WHERE tenant_id = @tenant_id AND id = @id;
