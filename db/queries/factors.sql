-- Second factors are the person's, not a tenant's: the queries about them name no tenant.

-- name: GetAccount :one
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
SELECT id, email, name, platform_admin, sessions_valid_after, disabled_at FROM users WHERE id = @id;

-- name: LockAccount :one
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's. Holds the person, so that what changes or uses their factors happens one after the other.
SELECT id, email, name, platform_admin, sessions_valid_after, disabled_at FROM users WHERE id = @id FOR UPDATE;

-- name: GetSecondFactors :one
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
SELECT t.created_at AS totp_since,
       (SELECT count(*) FROM recovery_codes r WHERE r.user_id = u.id AND r.used_at IS NULL)::bigint AS recovery_codes,
       (SELECT count(*) FROM passkeys p WHERE p.user_id = u.id)::bigint AS passkeys
FROM users u LEFT JOIN user_totp t ON t.user_id = u.id
WHERE u.id = @user_id;

-- name: InsertTOTP :execrows
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
INSERT INTO user_totp (user_id, secret, last_step, created_at) VALUES (@user_id, @secret, @last_step, @now)
ON CONFLICT ON CONSTRAINT user_totp_pkey DO NOTHING;

-- name: GetTOTP :one
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
SELECT secret, last_step FROM user_totp WHERE user_id = @user_id;

-- name: UseTOTPStep :execrows
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's; of two who send the same code at once one finds the row
UPDATE user_totp SET last_step = @step WHERE user_id = @user_id AND last_step < @step;

-- name: DeleteTOTP :execrows
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
DELETE FROM user_totp WHERE user_id = @user_id;

-- name: InsertRecoveryCode :exec
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
INSERT INTO recovery_codes (user_id, code_hash, created_at) VALUES (@user_id, @code_hash, @now);

-- name: UseRecoveryCode :execrows
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's; of two who send the same code at once one finds the row
UPDATE recovery_codes SET used_at = @now WHERE user_id = @user_id AND code_hash = @code_hash AND used_at IS NULL;

-- name: DeleteRecoveryCodes :exec
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
DELETE FROM recovery_codes WHERE user_id = @user_id;

-- name: DeletePasskeysOf :execrows
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
DELETE FROM passkeys WHERE user_id = @user_id;

-- name: GetSecondFactorRule :one
-- The rule of a business, how many people it has, and how many of them have no second factor.
SELECT t.second_factor_required AS required,
       (SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = @tenant_id AND u.disabled_at IS NULL)::bigint AS people,
       (SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.tenant_id = @tenant_id AND u.disabled_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM user_totp f WHERE f.user_id = u.id)
          AND NOT EXISTS (SELECT 1 FROM passkeys k WHERE k.user_id = u.id))::bigint AS without
FROM tenants t WHERE t.id = @tenant_id;

-- name: SetSecondFactorRule :execrows
-- @sqlc-vet-disable tenant-scoped
-- the id is the tenant
UPDATE tenants SET second_factor_required = @required, updated_at = @now WHERE id = @id AND second_factor_required <> @required;

-- name: CountMembershipsOfUser :one
-- @sqlc-vet-disable tenant-scoped
-- whether an administrator of one tenant may decide about a person depends on all of theirs
SELECT count(*) FROM memberships WHERE user_id = @user_id;

-- name: ListPasskeys :many
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
SELECT id, name, credential_id, credential, created_at, last_used_at FROM passkeys WHERE user_id = @user_id ORDER BY created_at, id LIMIT 100;

-- name: InsertPasskey :exec
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
INSERT INTO passkeys (id, user_id, name, credential_id, credential, created_at) VALUES (@id, @user_id, @name, @credential_id, @credential, @now);

-- name: UsePasskey :exec
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's. The record has the new signature counter and flags.
UPDATE passkeys SET credential = @credential, last_used_at = @now WHERE user_id = @user_id AND credential_id = @credential_id;

-- name: DeletePasskey :execrows
-- @sqlc-vet-disable tenant-scoped
-- factors are the person's
DELETE FROM passkeys WHERE user_id = @user_id AND id = @id;
