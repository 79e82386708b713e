-- name: EnsureTags :many
-- Makes the tags of these names that there are not, always in the same order, and returns those. A name that a
-- run is just taking from all records is not made again by a record that still has it.
INSERT INTO tags (tenant_id, id, name, created_at, updated_at)
SELECT @tenant_id::uuid, n.id, n.name, @now::timestamptz, @now
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@names::text[]) AS name) n
WHERE NOT EXISTS (SELECT FROM tags t WHERE t.tenant_id = @tenant_id AND t.name = n.name)
  AND NOT EXISTS (SELECT FROM tag_runs r WHERE r.tenant_id = @tenant_id AND r.open AND r.from_name = n.name AND r.action <> 'restore')
ORDER BY n.name
ON CONFLICT (tenant_id, name) DO NOTHING
RETURNING id, name, colour, version, created_at, updated_at;

-- name: InsertTag :exec
INSERT INTO tags (tenant_id, id, name, colour, created_at, updated_at) VALUES (@tenant_id, @id, @name, @colour, @now, @now);

-- name: GetTag :one
SELECT id, name, colour, version, created_at, updated_at FROM tags WHERE tenant_id = @tenant_id AND id = @id;

-- name: GetTagNamed :one
SELECT id, name, colour, version, created_at, updated_at FROM tags WHERE tenant_id = @tenant_id AND name = @name;

-- name: LockTag :one
SELECT id, name, colour, version, created_at, updated_at FROM tags WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: UpdateTag :exec
UPDATE tags SET name = @name, colour = @colour, version = version + 1, updated_at = @now WHERE tenant_id = @tenant_id AND id = @id;

-- name: DeleteTag :exec
DELETE FROM tags WHERE tenant_id = @tenant_id AND id = @id;

-- name: SuggestTags :many
SELECT name FROM tags WHERE tenant_id = @tenant_id AND strpos(name, @part::text) > 0 ORDER BY NOT starts_with(name, @part), name LIMIT 20;

-- name: ListTagColours :many
-- Those that are not grey as the others; more than these nobody tells apart.
SELECT name, colour FROM tags WHERE tenant_id = @tenant_id AND colour <> 'grey' ORDER BY name LIMIT 1000;

-- name: CountTagUses :many
-- The functions read the tenant from the guard themselves.
-- @sqlc-vet-disable tenant-scoped
SELECT n.name::text AS name, count_tagged_contacts(n.name, @most::bigint)::bigint AS contacts, count_tagged_companies(n.name, @most::bigint)::bigint AS companies
FROM unnest(@names::text[]) AS n(name);

-- name: ListOpenTagRuns :many
-- The runs that are on their way. One that has failed stops nobody any more.
SELECT r.from_name, r.to_name, r.tag_id FROM tag_runs r JOIN job_progress j ON j.tenant_id = r.tenant_id AND j.id = r.id
WHERE r.tenant_id = @tenant_id AND r.open AND j.status <> 'failed'
ORDER BY r.id LIMIT 1000;

-- name: LockTags :exec
-- Two who change which tags there are meet here one after the other.
-- @sqlc-vet-disable tenant-scoped
SELECT pg_advisory_xact_lock(hashtextextended('tags ' || sqlc.arg(tenant_id)::text, 0));

-- name: InsertTagRun :exec
INSERT INTO tag_runs (tenant_id, id, tag_id, action, from_name, to_name, colour, undoes, created_at)
VALUES (@tenant_id, @id, @tag_id, @action, @from_name, @to_name, @colour, sqlc.narg(undoes), @now);

-- name: GetTagRun :one
SELECT r.id, r.tag_id, r.action, r.from_name, r.to_name, r.undoes, r.done, r.open, j.finished_at
FROM tag_runs r JOIN job_progress j ON j.tenant_id = r.tenant_id AND j.id = r.id
WHERE r.tenant_id = @tenant_id AND r.id = @id;

-- name: GetTagDeletion :one
-- The last deletion of a tag that is not undone.
SELECT r.id, r.from_name, r.colour, r.open, r.created_at
FROM tag_runs r
WHERE r.tenant_id = @tenant_id AND r.tag_id = @tag_id AND r.action = 'delete'
  AND NOT EXISTS (SELECT FROM tag_runs u WHERE u.tenant_id = @tenant_id AND u.undoes = r.id)
ORDER BY r.id DESC LIMIT 1;

-- name: LockTagRun :one
-- Two runs of one job (a worker believed dead) meet here one after the other.
SELECT open, done FROM tag_runs WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: AddTagRunDone :exec
UPDATE tag_runs SET done = done + @done WHERE tenant_id = @tenant_id AND id = @id;

-- name: CloseTagRun :exec
UPDATE tag_runs SET open = false WHERE tenant_id = @tenant_id AND id = @id;

-- name: FindTaggedContacts :many
-- The function reads the tenant from the guard itself.
-- @sqlc-vet-disable tenant-scoped
SELECT find_tagged_contacts(@tag::text, @most::bigint)::uuid AS id;

-- name: FindTaggedCompanies :many
-- The function reads the tenant from the guard itself.
-- @sqlc-vet-disable tenant-scoped
SELECT find_tagged_companies(@tag::text, @most::bigint)::uuid AS id;

-- name: LockContactsToTag :many
-- The contacts with these ids, in the trash too, held until the transaction ends.
SELECT c.id, c.first_name, c.last_name, c.name, c.email, c.phone, c.company_id, coalesce(o.name, '')::text AS company_name,
       c.job_title, c.source, c.address, c.gstin, c.notes, c.tags, c.stage, c.status, c.warmth, c.lead_score,
       c.last_contacted_at, c.next_follow_up, c.owner_id, coalesce(u.name, '')::text AS owner_name, m.team_id AS owner_team_id,
       c.version, c.created_at, c.updated_at, c.deleted_at
FROM contacts c
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id AND o.deleted_at IS NULL
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
LEFT JOIN users u ON u.id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.id = ANY (@ids::uuid[])
ORDER BY c.id
FOR UPDATE OF c;

-- name: LockCompaniesToTag :many
-- As LockContactsToTag. Not the key: others may still refer to it.
SELECT c.id, c.name, c.parent_id, coalesce(o.name, '')::text AS parent_name, c.type, c.industry, c.annual_revenue, c.employees, c.website,
       c.phone, c.email, c.gstin, c.tags, c.notes, c.addresses, c.owner_id, coalesce(u.name, '')::text AS owner_name, m.team_id AS owner_team_id,
       c.version, c.created_at, c.updated_at, c.deleted_at
FROM companies c
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.parent_id AND o.deleted_at IS NULL
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
LEFT JOIN users u ON u.id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.id = ANY (@ids::uuid[])
ORDER BY c.id
FOR NO KEY UPDATE OF c;

-- name: TagContacts :exec
-- rows is an array of {id, tags}.
UPDATE contacts c SET tags = r.tags, version = c.version + 1, updated_at = @now
FROM jsonb_to_recordset(@rows::jsonb) AS r(id uuid, tags text[])
WHERE c.tenant_id = @tenant_id AND c.id = r.id;

-- name: TagCompanies :exec
-- rows is an array of {id, tags}.
UPDATE companies c SET tags = r.tags, version = c.version + 1, updated_at = @now
FROM jsonb_to_recordset(@rows::jsonb) AS r(id uuid, tags text[])
WHERE c.tenant_id = @tenant_id AND c.id = r.id;

-- name: KeepTagRunRecords :exec
INSERT INTO tag_run_records (tenant_id, run_id, entity, record_id)
SELECT @tenant_id::uuid, @run_id::uuid, @entity::text, r.id FROM unnest(@ids::uuid[]) AS r(id)
ON CONFLICT DO NOTHING;

-- name: TakeTagRunRecords :many
-- The next records of one kind that a deletion touched; what is given back is not taken again.
DELETE FROM tag_run_records d
WHERE d.tenant_id = @tenant_id AND d.run_id = @run_id AND d.entity = @entity AND d.record_id IN (
    SELECT r.record_id FROM tag_run_records r
    WHERE r.tenant_id = @tenant_id AND r.run_id = @run_id AND r.entity = @entity
    ORDER BY r.record_id LIMIT @most)
RETURNING d.record_id;

-- name: ListTagFilters :many
-- The saved views behind one that ask for tags.
SELECT id, entity, filter FROM saved_views
WHERE tenant_id = @tenant_id AND id > @after AND strpos(lower(filter), 'tag:') > 0
ORDER BY id LIMIT @most
FOR UPDATE;

-- name: SetViewFilter :exec
UPDATE saved_views SET filter = @filter, version = version + 1, updated_at = @now WHERE tenant_id = @tenant_id AND id = @id;

-- name: PurgeTagRunRecords :one
-- Over every tenant, which the function's owner may see.
-- @sqlc-vet-disable tenant-scoped
SELECT purge_tag_run_records(@created_before::timestamptz)::bigint;
