-- The administration of the whole installation. Only people who are platform administrators get here.

-- name: ListBusinesses :many
-- @sqlc-vet-disable tenant-scoped
-- platform administration sees every tenant
SELECT t.*, (SELECT count(*) FROM memberships m WHERE m.tenant_id = t.id) AS people
FROM tenants t
WHERE t.slug > @after AND (@pattern::text = '' OR lower(t.slug || ' ' || t.name) LIKE @pattern)
ORDER BY t.slug
LIMIT @max_rows;

-- name: ListBusinessesBefore :many
-- @sqlc-vet-disable tenant-scoped
-- the same list, read backwards
SELECT t.*, (SELECT count(*) FROM memberships m WHERE m.tenant_id = t.id) AS people
FROM tenants t
WHERE t.slug < @before AND (@pattern::text = '' OR lower(t.slug || ' ' || t.name) LIKE @pattern)
ORDER BY t.slug DESC
LIMIT @max_rows;

-- name: SetTenantStatus :one
-- @sqlc-vet-disable tenant-scoped
-- the id is the tenant
UPDATE tenants SET status = @status, closed_at = @closed_at, version = version + 1, updated_at = @now
WHERE id = @id
RETURNING *;

-- name: NamesOfTenants :many
-- @sqlc-vet-disable tenant-scoped
-- jobs and audit entries of several tenants stand on one page
SELECT id, name FROM tenants WHERE id = ANY (@ids::uuid[]);

-- name: ListInstallationAudit :many
-- @sqlc-vet-disable tenant-scoped
-- the function runs as the schema's owner: row level security hides entries of no tenant
SELECT * FROM installation_audit(@before_at, @before_id, @max_rows);

-- name: ReopenJobProgress :execrows
-- A failed job is to be tried again.
UPDATE job_progress SET status = 'queued', message = '', finished_at = NULL, updated_at = @now
WHERE tenant_id = @tenant_id AND id = @id AND status = 'failed';

-- name: FailAbandonedProgress :execrows
-- The job is over and never said so. A row that was written after the job's end belongs to a new try.
UPDATE job_progress SET status = 'failed', message = @message, updated_at = @now, finished_at = @now
WHERE tenant_id = @tenant_id AND id = @id AND finished_at IS NULL AND updated_at <= @ended_at::timestamptz;

-- name: ListPlatformAdmins :many
-- @sqlc-vet-disable tenant-scoped
-- people belong to the installation
SELECT email, name FROM users WHERE platform_admin AND disabled_at IS NULL ORDER BY email;
