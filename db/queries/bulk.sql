-- name: InsertBulkRun :exec
INSERT INTO bulk_runs (tenant_id, id, entity, action, value, matching, undoes, gathered, total, created_by, created_at)
VALUES (@tenant_id, @id, @entity, @action, @value, @matching, @undoes, @gathered, @total, @created_by, @now);

-- name: GetBulkRun :one
SELECT r.id, r.entity, r.action, r.value, r.matching, r.undoes, r.gathered, r.place, r.total, r.reached, r.done, r.failed, r.skipped, r.created_by, r.created_at,
       j.status, j.message, j.finished_at, u.id AS undone_by
FROM bulk_runs r
JOIN job_progress j ON j.tenant_id = r.tenant_id AND j.id = r.id
LEFT JOIN bulk_runs u ON u.tenant_id = r.tenant_id AND u.undoes = r.id
WHERE r.tenant_id = @tenant_id AND r.id = @id;

-- name: LockBulkRun :one
-- Two runs of one job (a worker believed dead) and two requests to undo meet here one after the other.
SELECT gathered, place, total, reached FROM bulk_runs WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: InsertBulkItems :exec
-- The records in the order of the array, numbered behind those that are there.
INSERT INTO bulk_items (tenant_id, run_id, n, record_id)
SELECT @tenant_id::uuid, @run_id::uuid, r.n + @behind::bigint, r.id
FROM unnest(@ids::uuid[]) WITH ORDINALITY AS r(id, n);

-- name: CopyBulkItems :many
-- What the next records of a run that is undone get back, under the numbers that they have there.
INSERT INTO bulk_items (tenant_id, run_id, n, record_id, before, version)
SELECT i.tenant_id, @run_id::uuid, i.n, i.record_id, i.before, i.version FROM bulk_items i
WHERE i.tenant_id = @tenant_id AND i.run_id = @undoes::uuid AND i.outcome = 'done' AND i.n > @after::bigint
ORDER BY i.n LIMIT @max_rows
RETURNING n;

-- name: SetBulkGathered :exec
UPDATE bulk_runs SET gathered = @gathered, place = @place, total = @total WHERE tenant_id = @tenant_id AND id = @id;

-- name: NextBulkItems :many
SELECT n, record_id, before, version FROM bulk_items
WHERE tenant_id = @tenant_id AND run_id = @run_id AND n > @reached
ORDER BY n
LIMIT @max_rows;

-- name: SetBulkOutcomes :exec
-- rows is an array of {n, outcome, reason, before, version}.
UPDATE bulk_items i SET outcome = r.outcome, reason = r.reason, before = r.before, version = r.version
FROM jsonb_to_recordset(@rows::jsonb) AS r(n bigint, outcome text, reason text, before jsonb, version bigint)
WHERE i.tenant_id = @tenant_id AND i.run_id = @run_id AND i.n = r.n;

-- name: AddBulkCounts :exec
-- Moves the resume point together with the records it stands for, in their transaction.
UPDATE bulk_runs SET reached = @reached, done = done + @done, failed = failed + @failed, skipped = skipped + @skipped
WHERE tenant_id = @tenant_id AND id = @id;

-- name: ListBulkProblems :many
SELECT n, record_id, outcome, reason FROM bulk_items
WHERE tenant_id = @tenant_id AND run_id = @run_id AND outcome IN ('failed', 'skipped') AND n > @after
ORDER BY n
LIMIT @max_rows;

-- name: PurgeBulkItems :one
-- @sqlc-vet-disable tenant-scoped
-- one sweep for all tenants: the function runs as the schema's owner
SELECT purge_bulk_items(@created_before)::bigint AS deleted;
