-- Who signs up belongs to no tenant yet.

-- name: InsertSignUp :execrows
-- @sqlc-vet-disable tenant-scoped
-- a job that runs again inserts nothing
INSERT INTO signups (id, email, token_hash, created_at, expires_at)
VALUES (@id, @email, @token_hash, @now, @expires_at)
ON CONFLICT ON CONSTRAINT signups_pkey DO NOTHING;

-- name: SupersedeSignUps :exec
-- @sqlc-vet-disable tenant-scoped
-- the links are the person's
UPDATE signups SET superseded_at = @now
WHERE email = @email AND id <> @except_id AND used_at IS NULL AND superseded_at IS NULL;

-- name: DeleteOldSignUps :exec
-- @sqlc-vet-disable tenant-scoped
-- the links of everybody, whose addresses need not be kept
DELETE FROM signups WHERE expires_at < @expired_before;

-- name: GetSignUp :one
-- @sqlc-vet-disable tenant-scoped
-- whoever holds the link has no session
SELECT s.id, s.email, s.expires_at, s.used_at, s.superseded_at, EXISTS (SELECT FROM users u WHERE u.email = s.email) AS known
FROM signups s WHERE s.token_hash = @token_hash;

-- name: UseSignUp :execrows
-- @sqlc-vet-disable tenant-scoped
-- whoever holds the link has no session, and of two at once one finds the row
UPDATE signups SET used_at = @now
WHERE id = @id AND used_at IS NULL AND superseded_at IS NULL AND expires_at > @now;
