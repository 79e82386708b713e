-- Tenants, users and memberships are global: they are read before a tenant is known. Each query that
-- names no tenant_id says why.

-- name: InsertTenant :one
-- @sqlc-vet-disable tenant-scoped
-- a new tenant has no scope yet
INSERT INTO tenants (id, slug, name, created_at, updated_at)
VALUES (@id, @slug, @name, @now, @now)
RETURNING *;

-- name: InsertTenantIfFree :one
-- @sqlc-vet-disable tenant-scoped
-- a new tenant has no scope yet, and no row comes back when the short name is taken
INSERT INTO tenants (id, slug, name, created_at, updated_at)
VALUES (@id, @slug, @name, @now, @now)
ON CONFLICT ON CONSTRAINT tenants_slug_key DO NOTHING
RETURNING *;

-- name: GetTenant :one
-- @sqlc-vet-disable tenant-scoped
-- the id is the tenant
SELECT * FROM tenants WHERE id = @id;

-- name: GetTenantBySlug :one
-- @sqlc-vet-disable tenant-scoped
-- administration by command line names tenants by slug
SELECT * FROM tenants WHERE slug = @slug;

-- name: ListTenants :many
-- @sqlc-vet-disable tenant-scoped
-- platform administration sees every tenant
SELECT * FROM tenants WHERE slug > @after ORDER BY slug LIMIT @max_rows;

-- name: InsertUser :one
-- @sqlc-vet-disable tenant-scoped
-- a person may belong to several tenants
INSERT INTO users (id, email, name, password_hash, platform_admin, sessions_valid_after, created_at, updated_at)
VALUES (@id, @email, @name, @password_hash, @platform_admin, @now, @now, @now)
RETURNING *;

-- name: GetUserByEmail :one
-- @sqlc-vet-disable tenant-scoped
-- sign-in knows the e-mail only
SELECT * FROM users WHERE email = @email;

-- name: SetUserPassword :execrows
-- @sqlc-vet-disable tenant-scoped
-- a password is the person's, not the tenant's. Sessions know the millisecond of their sign-in, so
-- that one made right after this must not count as older.
UPDATE users SET password_hash = @password_hash, sessions_valid_after = date_trunc('milliseconds', @now::timestamptz), version = version + 1, updated_at = @now
WHERE id = @id;

-- name: TouchUserLogin :exec
-- @sqlc-vet-disable tenant-scoped
-- sign-in concerns the person
UPDATE users SET last_login_at = @now WHERE id = @id;

-- name: InsertMembership :exec
INSERT INTO memberships (tenant_id, user_id, role, team_id, created_at, updated_at)
VALUES (@tenant_id, @user_id, @role, @team_id, @now, @now);

-- name: UseMembership :execrows
-- Remembers that the person works here now.
UPDATE memberships m SET last_used_at = @now FROM tenants t
WHERE m.tenant_id = @tenant_id AND m.user_id = @user_id AND t.id = m.tenant_id AND t.status = 'active';

-- name: ListMembershipsOfUser :many
-- @sqlc-vet-disable tenant-scoped
-- which tenants a person belongs to is asked before one is chosen. The one used last comes first
SELECT m.tenant_id, m.role, t.name AS tenant_name, t.slug AS tenant_slug
FROM memberships m JOIN tenants t ON t.id = m.tenant_id
WHERE m.user_id = @user_id AND t.status = 'active'
ORDER BY m.last_used_at DESC NULLS LAST, m.created_at, m.tenant_id
LIMIT 100;

-- name: GetMember :one
-- One row tells everything about who is asking: person, role, team, tenant; and what the frame of each page
-- shows of them, so that it takes no queries of its own. Counting what is unread ends at 100, which reads 99+.
SELECT u.id AS user_id, u.email, u.name, u.platform_admin, u.sessions_valid_after, u.disabled_at,
       u.theme, u.single_keys, u.photo,
       m.role, m.team_id, m.view_scopes, t.name AS tenant_name, t.slug AS tenant_slug, t.status AS tenant_status, t.time_zone,
       (t.second_factor_required AND NOT EXISTS (SELECT 1 FROM user_totp f WHERE f.user_id = u.id)
        AND NOT EXISTS (SELECT 1 FROM passkeys k WHERE k.user_id = u.id))::boolean AS second_factor_missing, t.logo,
       EXISTS (SELECT FROM memberships o WHERE o.user_id = u.id AND o.tenant_id <> m.tenant_id) AS has_other_homes,
       (SELECT count(*) FROM (SELECT FROM notifications n WHERE n.tenant_id = @tenant_id AND n.user_id = @user_id AND n.read_at IS NULL LIMIT 100) unread) AS unread
FROM memberships m
JOIN users u ON u.id = m.user_id
JOIN tenants t ON t.id = m.tenant_id
WHERE m.tenant_id = @tenant_id AND m.user_id = @user_id;

-- name: ListMembers :many
SELECT u.id AS user_id, u.name, u.email, m.role, m.team_id
FROM memberships m JOIN users u ON u.id = m.user_id
WHERE m.tenant_id = @tenant_id AND u.disabled_at IS NULL
ORDER BY lower(u.name), u.id
LIMIT 500;

-- name: InsertTeam :exec
INSERT INTO teams (tenant_id, id, name, created_at) VALUES (@tenant_id, @id, @name, @now);
