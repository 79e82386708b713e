-- name: ListTeams :many
SELECT id, name, version, created_at FROM teams WHERE tenant_id = @tenant_id ORDER BY lower(name), id LIMIT 500;

-- name: GetTeam :one
SELECT id, name, version, created_at FROM teams WHERE tenant_id = @tenant_id AND id = @id;

-- name: LockTeam :one
SELECT id, name, version, created_at FROM teams WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: ListTeamMembers :many
SELECT m.team_id, u.id AS user_id, u.name, m.role
FROM memberships m JOIN users u ON u.id = m.user_id
WHERE m.tenant_id = @tenant_id AND m.team_id IS NOT NULL
ORDER BY lower(u.name), u.id
LIMIT 5000;

-- name: RenameTeam :exec
UPDATE teams SET name = @name, version = version + 1 WHERE tenant_id = @tenant_id AND id = @id;

-- name: DeleteTeam :exec
-- Its members stay and have no team.
DELETE FROM teams WHERE tenant_id = @tenant_id AND id = @id;
