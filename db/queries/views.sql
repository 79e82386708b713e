-- name: ListViews :many
-- The views of one list that somebody may use: their own and the shared ones.
SELECT v.*, coalesce(u.name, '')::text AS owner_name,
       EXISTS (SELECT FROM default_views d WHERE d.tenant_id = v.tenant_id AND d.view_id = v.id AND d.user_id = sqlc.narg(user_id)::uuid)::boolean AS is_default
FROM saved_views v LEFT JOIN users u ON u.id = v.owner_id
WHERE v.tenant_id = @tenant_id AND v.entity = @entity AND (v.shared OR v.owner_id = sqlc.narg(user_id)::uuid)
ORDER BY lower(v.name), v.id
LIMIT 200;

-- name: GetView :one
SELECT v.*, coalesce(u.name, '')::text AS owner_name,
       EXISTS (SELECT FROM default_views d WHERE d.tenant_id = v.tenant_id AND d.view_id = v.id AND d.user_id = sqlc.narg(user_id)::uuid)::boolean AS is_default
FROM saved_views v LEFT JOIN users u ON u.id = v.owner_id
WHERE v.tenant_id = @tenant_id AND v.id = @id AND (v.shared OR v.owner_id = sqlc.narg(user_id)::uuid);

-- name: LockView :exec
SELECT version FROM saved_views WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: CountOwnViews :one
SELECT count(*) FROM saved_views WHERE tenant_id = @tenant_id AND owner_id IS NOT DISTINCT FROM sqlc.narg(owner_id)::uuid;

-- name: SaveView :exec
INSERT INTO saved_views (tenant_id, id, entity, name, owner_id, shared, query, filter, sort, columns, density, created_at, updated_at)
VALUES (@tenant_id, @id, @entity, @name, sqlc.narg(owner_id), @shared, @query, @filter, @sort, @columns, @density, @now, @now)
ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, shared = excluded.shared, query = excluded.query, filter = excluded.filter,
    sort = excluded.sort, columns = excluded.columns, density = excluded.density, version = saved_views.version + 1, updated_at = excluded.updated_at;

-- name: DeleteView :exec
DELETE FROM saved_views WHERE tenant_id = @tenant_id AND id = @id;

-- name: SetDefaultView :exec
INSERT INTO default_views (tenant_id, user_id, entity, view_id) VALUES (@tenant_id, @user_id, @entity, @view_id)
ON CONFLICT (tenant_id, user_id, entity) DO UPDATE SET view_id = excluded.view_id;

-- name: ClearDefaultView :exec
DELETE FROM default_views WHERE tenant_id = @tenant_id AND user_id = @user_id AND entity = @entity;

-- name: ForgetDefaultView :exec
-- A view that is not shared any more opens nobody else's list.
DELETE FROM default_views WHERE tenant_id = @tenant_id AND view_id = @view_id AND user_id IS DISTINCT FROM sqlc.narg(owner_id)::uuid;

-- name: GetListSettings :one
SELECT columns, density, page_size FROM list_settings WHERE tenant_id = @tenant_id AND user_id = @user_id AND entity = @entity;

-- name: SaveListSettings :exec
INSERT INTO list_settings (tenant_id, user_id, entity, columns, density, page_size)
VALUES (@tenant_id, @user_id, @entity, @columns, @density, @page_size)
ON CONFLICT (tenant_id, user_id, entity) DO UPDATE SET columns = excluded.columns, density = excluded.density, page_size = excluded.page_size;
