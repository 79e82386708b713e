-- name: InsertNotification :exec
-- The id may come from what happened, so that trying again tells nobody twice.
INSERT INTO notifications (tenant_id, id, user_id, kind, title, link, created_at)
VALUES (@tenant_id, @id, @user_id, @kind, @title, @link, @now)
ON CONFLICT ON CONSTRAINT notifications_pkey DO NOTHING;

-- name: CountUnreadNotifications :one
-- Counting ends at 100, which reads 99+.
SELECT count(*) FROM (
    SELECT FROM notifications WHERE tenant_id = @tenant_id AND user_id = @user_id AND read_at IS NULL LIMIT 100
) unread;

-- name: ReadNotification :one
UPDATE notifications SET read_at = coalesce(read_at, @now)
WHERE tenant_id = @tenant_id AND user_id = @user_id AND id = @id
RETURNING link;

-- name: ReadAllNotifications :execrows
UPDATE notifications SET read_at = @now WHERE tenant_id = @tenant_id AND user_id = @user_id AND read_at IS NULL;

-- name: PurgeNotifications :one
-- @sqlc-vet-disable tenant-scoped
-- one sweep for all tenants: the function runs as the schema's owner
SELECT purge_notifications(@created_before)::bigint AS deleted;
