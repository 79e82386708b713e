-- Who somebody is at an OpenID Provider is the person's, not a tenant's.

-- name: GetUserByIdentity :one
-- @sqlc-vet-disable tenant-scoped
-- sign-in knows the identity only
SELECT u.* FROM user_identities i JOIN users u ON u.id = i.user_id
WHERE i.issuer = @issuer AND i.subject = @subject;

-- name: InsertUserIdentity :execrows
-- @sqlc-vet-disable tenant-scoped
-- the identity is the person's. Of two first sign-ins at once one inserts nothing.
INSERT INTO user_identities (issuer, subject, user_id, email, created_at)
VALUES (@issuer, @subject, @user_id, @email, @now)
ON CONFLICT ON CONSTRAINT user_identities_pkey DO NOTHING;

-- name: DeleteUserIdentities :execrows
-- @sqlc-vet-disable tenant-scoped
-- the identities are the person's
DELETE FROM user_identities WHERE user_id = @user_id;
