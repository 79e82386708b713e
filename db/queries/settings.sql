-- What people set for themselves, and administrators for the business.

-- name: GetProfile :one
-- @sqlc-vet-disable tenant-scoped
-- a profile is the person's, in every tenant the same
SELECT id, name, email, theme, single_keys, photo FROM users WHERE id = @id;

-- name: LockProfile :one
-- @sqlc-vet-disable tenant-scoped
-- a profile is the person's
SELECT id, name, email, theme, single_keys, photo FROM users WHERE id = @id FOR UPDATE;

-- name: UpdateProfile :exec
-- @sqlc-vet-disable tenant-scoped
-- a profile is the person's
UPDATE users SET name = @name, theme = @theme, single_keys = @single_keys, photo = @photo, version = version + 1, updated_at = @now
WHERE id = @id;

-- name: CountMembersWithPhoto :one
-- Whether a photo is that of somebody in the tenant.
SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id
WHERE m.tenant_id = @tenant_id AND u.id = @user_id AND u.photo = @photo;

-- name: LockTenant :one
-- @sqlc-vet-disable tenant-scoped
-- the id is the tenant. Who only refers to it is not kept waiting
SELECT * FROM tenants WHERE id = @id FOR NO KEY UPDATE;

-- name: UpdateTenant :one
-- @sqlc-vet-disable tenant-scoped
-- the id is the tenant
UPDATE tenants SET name = @name, legal_name = @legal_name, gstin = @gstin, address_line1 = @address_line1, address_line2 = @address_line2,
    city = @city, pin_code = @pin_code, state_code = @state_code, phone = @phone, email = @email, time_zone = @time_zone,
    fiscal_month = @fiscal_month, version = version + 1, updated_at = @now
WHERE id = @id
RETURNING *;

-- name: SetTenantLogo :one
-- @sqlc-vet-disable tenant-scoped
-- the id is the tenant
UPDATE tenants SET logo = @logo, version = version + 1, updated_at = @now WHERE id = @id
RETURNING *;

-- name: SetMembershipRole :execrows
UPDATE memberships SET role = @role, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND user_id = @user_id;

-- name: ListAdministrators :many
-- Who is told what becomes of the business.
SELECT u.id AS user_id, u.name, u.email, m.role
FROM memberships m JOIN users u ON u.id = m.user_id
WHERE m.tenant_id = @tenant_id AND m.role IN ('owner', 'admin') AND u.disabled_at IS NULL
ORDER BY u.email;
