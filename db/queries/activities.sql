-- name: GetActivity :one
SELECT c.id, c.type, c.subject, c.body, c.outcome, c.duration_minutes, c.occurred_at, c.contact_id, coalesce(k.name, '')::text AS contact_name,
       c.company_id, coalesce(o.name, '')::text AS company_name, c.author_id, coalesce(u.name, c.author_name)::text AS author, m.team_id AS author_team_id,
       c.version, c.created_at, c.updated_at, c.deleted_at
FROM activities c
LEFT JOIN contacts k ON k.tenant_id = c.tenant_id AND k.id = c.contact_id AND k.deleted_at IS NULL
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id AND o.deleted_at IS NULL
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.author_id
LEFT JOIN users u ON u.id = c.author_id
WHERE c.tenant_id = @tenant_id AND c.id = @id;

-- name: LockActivity :one
-- Holds the record until the transaction ends, so that two writers meet one after the other.
-- Not the key: comments may still refer to it.
SELECT version FROM activities WHERE tenant_id = @tenant_id AND id = @id FOR NO KEY UPDATE;

-- name: SaveActivity :exec
-- Makes the activity, or changes the one with this id. Its links and its author stay.
INSERT INTO activities (tenant_id, id, type, subject, body, outcome, duration_minutes, occurred_at, contact_id, company_id, author_id, author_name, created_at, updated_at)
VALUES (@tenant_id, @id, @type, @subject, @body, @outcome, @duration_minutes, @occurred_at, @contact_id, @company_id, @author_id, @author_name, @now, @now)
ON CONFLICT (tenant_id, id) DO UPDATE SET
    type = excluded.type, subject = excluded.subject, body = excluded.body, outcome = excluded.outcome, duration_minutes = excluded.duration_minutes,
    occurred_at = excluded.occurred_at, version = activities.version + 1, updated_at = excluded.updated_at;

-- name: SetActivityDeleted :exec
UPDATE activities SET deleted_at = @deleted_at, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND id = @id;

-- name: LastContact :one
-- When somebody last spoke with or wrote to the contact. A note reaches nobody.
SELECT occurred_at FROM activities
WHERE tenant_id = @tenant_id AND contact_id = @contact_id::uuid AND deleted_at IS NULL AND type <> 'note'
ORDER BY occurred_at DESC, id DESC LIMIT 1;

-- name: CountFoundActivities :one
-- The function reads the tenant from the guard itself.
-- @sqlc-vet-disable tenant-scoped
SELECT count_activities(@pattern::text, @most::bigint)::bigint;

-- name: ListActivityComments :many
-- The comments of a page of activities, oldest first; each has a bounded number.
SELECT c.id, c.activity_id, c.body, c.author_id, coalesce(u.name, c.author_name)::text AS author, c.created_at
FROM activity_comments c
LEFT JOIN users u ON u.id = c.author_id
WHERE c.tenant_id = @tenant_id AND c.activity_id = ANY (@activities::uuid[])
ORDER BY c.created_at, c.id;

-- name: CountActivityComments :one
SELECT count(*) FROM activity_comments WHERE tenant_id = @tenant_id AND activity_id = @activity_id;

-- name: InsertActivityComment :exec
INSERT INTO activity_comments (tenant_id, id, activity_id, body, author_id, author_name, created_at)
VALUES (@tenant_id, @id, @activity_id, @body, @author_id, @author_name, @now);

-- name: GetActivityComment :one
SELECT c.id, c.activity_id, c.body, c.author_id, coalesce(u.name, c.author_name)::text AS author, c.created_at
FROM activity_comments c
LEFT JOIN users u ON u.id = c.author_id
WHERE c.tenant_id = @tenant_id AND c.id = @id AND c.activity_id = @activity_id;

-- name: DeleteActivityComment :exec
DELETE FROM activity_comments WHERE tenant_id = @tenant_id AND id = @id;
