-- name: VoidSessions :exec
-- @sqlc-vet-disable tenant-scoped
-- sessions are the person's, in whatever tenant. They know the millisecond of their sign-in, so that
-- one made right after this must not count as older.
UPDATE users SET sessions_valid_after = date_trunc('milliseconds', @now::timestamptz), updated_at = @now WHERE id = @id;
