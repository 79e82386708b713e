-- name: GetPerson :one
SELECT u.id AS user_id, u.name, u.email, u.photo, u.last_login_at, (u.disabled_at IS NOT NULL)::boolean AS disabled, m.role, m.team_id, coalesce(t.name, '')::text AS team_name,
       m.view_scopes, m.version, m.created_at, m.updated_at
FROM memberships m
JOIN users u ON u.id = m.user_id
LEFT JOIN teams t ON t.tenant_id = m.tenant_id AND t.id = m.team_id
WHERE m.tenant_id = @tenant_id AND m.user_id = @user_id;

-- name: LockOwners :many
-- Holds every owner, always in the same order, so that two who remove each other meet one after the other.
SELECT user_id FROM memberships WHERE tenant_id = @tenant_id AND role = 'owner' ORDER BY user_id FOR UPDATE;

-- name: LockMembership :one
SELECT version FROM memberships WHERE tenant_id = @tenant_id AND user_id = @user_id FOR UPDATE;

-- name: UpdateMembership :exec
UPDATE memberships SET role = @role, team_id = @team_id, view_scopes = @view_scopes, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND user_id = @user_id;

-- name: DeleteMembership :exec
DELETE FROM memberships WHERE tenant_id = @tenant_id AND user_id = @user_id;

-- name: CountOwned :one
-- How many contacts somebody looks after, those in the trash too.
SELECT count(*) FROM contacts WHERE tenant_id = @tenant_id AND owner_id = @owner_id::uuid;

-- name: HandOverContacts :execrows
UPDATE contacts SET owner_id = sqlc.narg(heir)::uuid, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND owner_id = @owner_id::uuid;

-- name: HandOverCompanies :execrows
UPDATE companies SET owner_id = sqlc.narg(heir)::uuid, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND owner_id = @owner_id::uuid;
