-- name: InsertImport :exec
INSERT INTO imports (tenant_id, id, entity, file_name, blob_key, mapping, duplicates, dry_run, created_by, created_at)
VALUES (@tenant_id, @id, @entity, @file_name, @blob_key, @mapping, @duplicates, @dry_run, @created_by, @now);

-- name: GetImport :one
SELECT i.*, j.status, j.done, j.total, j.message, j.updated_at, j.finished_at,
       coalesce(u.status, '')::text AS undo_status, coalesce(u.done, 0)::bigint AS undo_done, coalesce(u.total, 0)::bigint AS undo_total,
       coalesce(u.message, '')::text AS undo_message
FROM imports i JOIN job_progress j ON j.tenant_id = i.tenant_id AND j.id = i.id
LEFT JOIN job_progress u ON u.tenant_id = i.tenant_id AND u.id = i.undo_id
WHERE i.tenant_id = @tenant_id AND i.id = @id;

-- name: LockImportLine :one
-- Two runs of one import (a worker believed dead) meet here one after the other.
SELECT line, staged_line FROM imports WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: SetImportStaged :exec
-- Moves the resume point of the reading together with the rows it stands for, in their transaction.
UPDATE imports SET staged_line = @staged_line, staged = staged + @staged, all_staged = @all_staged
WHERE tenant_id = @tenant_id AND id = @id;

-- name: ListStagedRows :many
-- The next rows, up to so many and about so many bytes.
SELECT line, cells, problem FROM (
    SELECT r.*, sum(size) OVER (ORDER BY line) - size AS before FROM (
        SELECT s.line, s.cells, s.problem, s.size FROM staging.import_rows s
        WHERE s.tenant_id = @tenant_id AND s.import_id = @import_id AND s.line > @after_line
        ORDER BY s.line LIMIT @max_rows) r) next
WHERE before < @max_bytes::bigint
ORDER BY line;

-- name: DropStagedRows :exec
-- Takes the staged rows away, and with them what the import knows of them: a job that is started again
-- reads its file again.
WITH gone AS (
    DELETE FROM staging.import_rows r WHERE r.tenant_id = @tenant_id AND r.import_id = @id)
UPDATE imports i SET staged_line = CASE WHEN i.dry_run THEN 0 ELSE i.line END, all_staged = false, staged = i.created + i.updated + i.skipped + i.failed
WHERE i.tenant_id = @tenant_id AND i.id = @id;

-- name: InsertImportRecords :exec
-- rows is an array of {record_id, version, before}. Of a record that an earlier chunk of the same import
-- wrote, what it was before that stays.
INSERT INTO import_records (tenant_id, import_id, record_id, version, before)
SELECT @tenant_id::uuid, @import_id::uuid, r.record_id, r.version, r.before
FROM jsonb_to_recordset(@rows::jsonb) AS r(record_id uuid, version bigint, before jsonb)
ON CONFLICT (tenant_id, import_id, record_id) DO UPDATE SET version = excluded.version;

-- name: ListImportRecords :many
SELECT record_id, version, before FROM import_records
WHERE tenant_id = @tenant_id AND import_id = @import_id
ORDER BY record_id
LIMIT @max_rows;

-- name: CountImportRecords :one
SELECT count(*) FROM import_records WHERE tenant_id = @tenant_id AND import_id = @import_id;

-- name: DeleteImportRecords :exec
DELETE FROM import_records WHERE tenant_id = @tenant_id AND import_id = @import_id AND record_id = ANY (@ids::uuid[]);

-- name: LockImportUndo :one
SELECT undo_id FROM imports WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: SetImportUndo :exec
UPDATE imports SET undo_id = @undo_id WHERE tenant_id = @tenant_id AND id = @id;

-- name: AddUndoCounts :exec
UPDATE imports SET removed = removed + @removed, restored = restored + @restored, spared = spared + @spared
WHERE tenant_id = @tenant_id AND id = @id;

-- name: InsertImportDraft :exec
INSERT INTO import_drafts (tenant_id, id, entity, file_name, blob_key, size, sha256, mapping, sheets, created_by, created_at)
VALUES (@tenant_id, @id, @entity, @file_name, @blob_key, @size, @sha256, @mapping, @sheets, @created_by, @now);

-- name: GetImportDraft :one
SELECT * FROM import_drafts WHERE tenant_id = @tenant_id AND id = @id AND created_by = @created_by;

-- name: DeleteImportDraft :execrows
DELETE FROM import_drafts WHERE tenant_id = @tenant_id AND id = @id;

-- name: GetImportMapping :one
SELECT columns FROM import_mappings WHERE tenant_id = @tenant_id AND entity = @entity AND header = @header;

-- name: SetImportMapping :exec
INSERT INTO import_mappings (tenant_id, entity, header, columns, updated_at)
VALUES (@tenant_id, @entity, @header, @columns, @now)
ON CONFLICT (tenant_id, entity, header) DO UPDATE SET columns = excluded.columns, updated_at = excluded.updated_at;

-- name: PurgeStagedRows :one
-- @sqlc-vet-disable tenant-scoped
-- one sweep for all tenants: the function runs as the owner of the schema
SELECT purge_staged_rows()::bigint AS deleted;

-- name: PurgeImportDrafts :many
-- @sqlc-vet-disable tenant-scoped
-- one sweep for all tenants: the function runs as the owner of the schema
SELECT key::text FROM purge_import_drafts(@created_before);

-- name: InsertAuditEntries :exec
-- The entries of many records at once. rows is an array of {id, action, entity, entity_id, before, after}.
INSERT INTO audit_entries (tenant_id, id, at, actor_id, actor_kind, actor_name, ip, request_id, action, entity, entity_id, before, after)
SELECT @tenant_id::uuid, r.id, @at::timestamptz, sqlc.narg(actor_id)::uuid, @actor_kind::text, @actor_name::text, @ip::text, @request_id::text,
       r.action, r.entity, r.entity_id, r.before, r.after
FROM jsonb_to_recordset(@rows::jsonb) AS r(id uuid, action text, entity text, entity_id uuid, before jsonb, after jsonb);

-- name: TrashContacts :exec
UPDATE contacts SET deleted_at = @now::timestamptz, version = version + 1, updated_at = @now::timestamptz
WHERE tenant_id = @tenant_id AND id = ANY (@ids::uuid[]);

-- name: LockContactsByID :many
-- The living contacts with these ids, held until the transaction ends.
SELECT c.id, c.first_name, c.last_name, c.name, c.email, c.phone, c.company_id, coalesce(o.name, '')::text AS company_name,
       c.job_title, c.source, c.address, c.gstin, c.notes, c.tags, c.stage, c.status, c.warmth, c.lead_score,
       c.last_contacted_at, c.next_follow_up, c.owner_id, coalesce(u.name, '')::text AS owner_name, m.team_id AS owner_team_id,
       c.version, c.created_at, c.updated_at, c.deleted_at
FROM contacts c
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
LEFT JOIN users u ON u.id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.id = ANY (@ids::uuid[])
ORDER BY c.id
FOR UPDATE OF c;

-- name: AddImportCounts :exec
-- Moves the resume point together with the rows it stands for, in their transaction.
UPDATE imports SET line = @line, created = created + @created, updated = updated + @updated, skipped = skipped + @skipped, failed = failed + @failed
WHERE tenant_id = @tenant_id AND id = @id;

-- name: InsertImportErrors :exec
-- rows is an array of {line, details, cells}.
INSERT INTO import_errors (tenant_id, import_id, line, details, cells)
SELECT @tenant_id::uuid, @import_id::uuid, r.line, r.details, r.cells
FROM jsonb_to_recordset(@rows::jsonb) AS r(line bigint, details jsonb, cells text[]);

-- name: ListImportErrors :many
SELECT line, details, cells FROM import_errors
WHERE tenant_id = @tenant_id AND import_id = @import_id AND line > @after_line
ORDER BY line
LIMIT @max_rows;

-- name: LockContactsByEmail :many
-- The living contacts behind the e-mails of one chunk of an import, held until its transaction ends.
-- Every import locks in this order, so that two of them never wait for each other.
SELECT c.id, c.first_name, c.last_name, c.name, c.email, c.phone, c.company_id, coalesce(o.name, '')::text AS company_name,
       c.job_title, c.source, c.address, c.gstin, c.notes, c.tags, c.stage, c.status, c.warmth, c.lead_score,
       c.last_contacted_at, c.next_follow_up, c.owner_id, coalesce(u.name, '')::text AS owner_name, m.team_id AS owner_team_id,
       c.version, c.created_at, c.updated_at, c.deleted_at
FROM contacts c
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
LEFT JOIN users u ON u.id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.email = ANY (@emails::text[]) AND c.email <> ''
ORDER BY c.email
FOR UPDATE OF c;

-- name: FindOrInsertCompanies :many
-- Finds the living companies of these names whatever their case, or makes them with the ids next to the
-- names, always in one order.
WITH wanted AS (
    SELECT r.id, r.name, lower(r.name) AS key FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@names::text[]) AS name) r
), made AS (
    INSERT INTO companies (tenant_id, id, name, owner_id, created_at, updated_at)
    SELECT DISTINCT ON (wanted.key) @tenant_id::uuid, wanted.id, wanted.name, sqlc.narg(owner_id)::uuid, @now::timestamptz, @now FROM wanted ORDER BY wanted.key, wanted.id
    ON CONFLICT (tenant_id, lower(name)) WHERE deleted_at IS NULL DO UPDATE SET name = companies.name
    RETURNING tenant_id, id, name, (xmax = 0)::boolean AS inserted
)
SELECT wanted.name::text AS wanted, made.id, made.inserted
FROM made JOIN wanted ON wanted.key = lower(made.name)
WHERE tenant_id = @tenant_id;

-- name: InsertContacts :many
-- Makes the contacts whose e-mail is free, and tells which. An e-mail that another transaction is just
-- taking is waited for, always in the same order.
INSERT INTO contacts (tenant_id, id, first_name, last_name, email, phone, company_id, job_title, source, address, gstin, notes, tags,
                      stage, status, warmth, lead_score, next_follow_up, owner_id, created_at, updated_at)
SELECT @tenant_id::uuid, r.id, r.first_name, r.last_name, r.email, r.phone, r.company_id, r.job_title, r.source, r.address, r.gstin, r.notes, r.tags,
       r.stage, r.status, r.warmth, r.lead_score, r.next_follow_up, r.owner_id, @now::timestamptz, @now
FROM jsonb_to_recordset(@rows::jsonb) AS r(id uuid, first_name text, last_name text, email text, phone text, company_id uuid, job_title text,
     source text, address text, gstin text, notes text, tags text[], stage text, status text, warmth text, lead_score integer,
     next_follow_up date, owner_id uuid)
ORDER BY r.email, r.id
ON CONFLICT (tenant_id, email) WHERE deleted_at IS NULL AND email <> '' DO NOTHING
RETURNING id;

-- name: UpdateContacts :exec
-- Changes contacts that this transaction has locked. E-mail and owner stay.
UPDATE contacts c SET
    first_name = r.first_name, last_name = r.last_name, phone = r.phone, company_id = r.company_id, job_title = r.job_title,
    source = r.source, address = r.address, gstin = r.gstin, notes = r.notes, tags = r.tags, stage = r.stage, status = r.status,
    warmth = r.warmth, lead_score = r.lead_score, next_follow_up = r.next_follow_up, version = c.version + 1, updated_at = @now
FROM jsonb_to_recordset(@rows::jsonb) AS r(id uuid, first_name text, last_name text, phone text, company_id uuid, job_title text,
     source text, address text, gstin text, notes text, tags text[], stage text, status text, warmth text, lead_score integer,
     next_follow_up date)
WHERE c.tenant_id = @tenant_id AND c.id = r.id;
