-- name: InsertAuditEntry :exec
INSERT INTO audit_entries (tenant_id, id, at, actor_id, actor_kind, actor_name, ip, request_id, action, entity, entity_id, before, after)
VALUES (sqlc.narg(tenant_id), @id, @at, @actor_id, @actor_kind, @actor_name, @ip, @request_id, @action, @entity, @entity_id, @before, @after);

-- name: ListAuditEntriesOf :many
SELECT * FROM audit_entries
WHERE tenant_id = @tenant_id::uuid AND entity = @entity AND entity_id = @entity_id
ORDER BY at DESC, id DESC
LIMIT @max_rows;

-- name: ReserveIdempotencyKey :one
-- Takes the key, or waits for the transaction that holds it and answers what that one left. A row
-- older than a day counts as absent.
INSERT INTO idempotency_keys (tenant_id, actor_id, key, fingerprint, created_at)
VALUES (@tenant_id, @actor_id, @key, @fingerprint, @now)
ON CONFLICT (tenant_id, actor_id, key) DO UPDATE SET
    fingerprint = CASE WHEN idempotency_keys.created_at < @expired_before::timestamptz THEN excluded.fingerprint ELSE idempotency_keys.fingerprint END,
    result      = CASE WHEN idempotency_keys.created_at < @expired_before THEN NULL ELSE idempotency_keys.result END,
    created_at  = CASE WHEN idempotency_keys.created_at < @expired_before THEN excluded.created_at ELSE idempotency_keys.created_at END
RETURNING fingerprint, result;

-- name: SetIdempotencyResult :exec
UPDATE idempotency_keys SET result = @result
WHERE tenant_id = @tenant_id AND actor_id = @actor_id AND key = @key;

-- name: PurgeIdempotencyKeys :one
-- @sqlc-vet-disable tenant-scoped
-- one sweep for all tenants: the function runs as the schema's owner
SELECT purge_idempotency_keys(@created_before)::bigint AS deleted;

-- name: InsertCacheOutbox :exec
-- @sqlc-vet-disable tenant-scoped
-- a global table: the relay serves every tenant
INSERT INTO cache_outbox (id, tenant_id, tags, created_at) VALUES (@id, @tenant_id, @tags, @now);

-- name: DeleteCacheOutbox :exec
-- @sqlc-vet-disable tenant-scoped
-- a global table: the relay serves every tenant
DELETE FROM cache_outbox WHERE id = @id;

-- name: InsertJobProgress :exec
INSERT INTO job_progress (tenant_id, id, kind, total, created_by, created_at, updated_at)
VALUES (@tenant_id, @id, @kind, @total, @created_by, @now, @now);

-- name: GetJobProgress :one
SELECT * FROM job_progress WHERE tenant_id = @tenant_id AND id = @id;

-- name: SetJobProgress :execrows
-- done and total stay as they are when null. What is finished stays finished.
UPDATE job_progress SET status = @status, done = coalesce(sqlc.narg(done), done), total = coalesce(sqlc.narg(total), total),
    message = @message, updated_at = @now, finished_at = @finished_at
WHERE tenant_id = @tenant_id AND id = @id AND finished_at IS NULL;

-- name: GetAuditEntry :one
SELECT * FROM audit_entries
WHERE tenant_id = @tenant_id::uuid AND entity = @entity AND entity_id = @entity_id AND id = @id;
