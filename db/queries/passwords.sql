-- A password is the person's, not a tenant's, and so is the link that sets a new one.

-- name: InsertPasswordReset :execrows
-- @sqlc-vet-disable tenant-scoped
-- the person asked before any tenant was known; a job that runs again inserts nothing
INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)
VALUES (@id, @user_id, @token_hash, @now, @expires_at)
ON CONFLICT ON CONSTRAINT password_resets_pkey DO NOTHING;

-- name: SupersedePasswordResets :exec
-- @sqlc-vet-disable tenant-scoped
-- the links are the person's
UPDATE password_resets SET superseded_at = @now
WHERE user_id = @user_id AND id <> @except_id AND used_at IS NULL AND superseded_at IS NULL;

-- name: DeleteOldPasswordResets :exec
-- @sqlc-vet-disable tenant-scoped
-- the links are the person's
DELETE FROM password_resets WHERE user_id = @user_id AND expires_at < @expired_before;

-- name: GetPasswordReset :one
-- @sqlc-vet-disable tenant-scoped
-- whoever holds the link has no session
SELECT r.id, r.user_id, r.expires_at, r.used_at, r.superseded_at, u.email, u.name, u.disabled_at
FROM password_resets r JOIN users u ON u.id = r.user_id
WHERE r.token_hash = @token_hash;

-- name: UsePasswordReset :execrows
-- @sqlc-vet-disable tenant-scoped
-- whoever holds the link has no session; of two at once one finds the row
UPDATE password_resets SET used_at = @now
WHERE id = @id AND used_at IS NULL AND superseded_at IS NULL AND expires_at > @now;
