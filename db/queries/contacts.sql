-- name: GetContact :one
SELECT c.id, c.first_name, c.last_name, c.name, c.email, c.phone, c.company_id, coalesce(o.name, '')::text AS company_name,
       c.job_title, c.source, c.address, c.gstin, c.notes, c.tags, c.stage, c.status, c.warmth, c.lead_score,
       c.last_contacted_at, c.next_follow_up, c.owner_id, coalesce(u.name, '')::text AS owner_name, m.team_id AS owner_team_id,
       c.version, c.created_at, c.updated_at, c.deleted_at
FROM contacts c
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
LEFT JOIN users u ON u.id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.id = @id;

-- name: LockContact :one
-- Holds the record until the transaction ends, so that two writers meet one after the other.
SELECT version FROM contacts WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: SaveContact :exec
-- Makes the contact, or changes the one with this id.
INSERT INTO contacts (tenant_id, id, first_name, last_name, email, phone, company_id, job_title, source, address, gstin, notes, tags,
                      stage, status, warmth, lead_score, next_follow_up, owner_id, created_at, updated_at)
VALUES (@tenant_id, @id, @first_name, @last_name, @email, @phone, @company_id, @job_title, @source, @address, @gstin, @notes, @tags,
        @stage, @status, @warmth, @lead_score, @next_follow_up, @owner_id, @now, @now)
ON CONFLICT (tenant_id, id) DO UPDATE SET
    first_name = excluded.first_name, last_name = excluded.last_name, email = excluded.email, phone = excluded.phone,
    company_id = excluded.company_id, job_title = excluded.job_title, source = excluded.source, address = excluded.address,
    gstin = excluded.gstin, notes = excluded.notes, tags = excluded.tags, stage = excluded.stage, status = excluded.status,
    warmth = excluded.warmth, lead_score = excluded.lead_score, next_follow_up = excluded.next_follow_up,
    owner_id = excluded.owner_id, version = contacts.version + 1, updated_at = excluded.updated_at;

-- name: SetContactDeleted :exec
UPDATE contacts SET deleted_at = @deleted_at, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND id = @id;

-- name: FindContactsByEmail :many
-- The living contacts behind the e-mails of one chunk of an import.
SELECT id, email FROM contacts
WHERE tenant_id = @tenant_id AND deleted_at IS NULL AND email = ANY (@emails::text[]) AND email <> '';

-- name: SeedContacts :execrows
-- Made-up contacts with a past. Those that an earlier run made stay as they are.
INSERT INTO contacts (tenant_id, id, first_name, last_name, email, phone, company_id, job_title, source, tags, stage, status, warmth, lead_score,
                      last_contacted_at, next_follow_up, owner_id, created_at, updated_at)
SELECT @tenant_id::uuid, r.id, r.first_name, r.last_name, r.email, r.phone, r.company_id, r.job_title, r.source, r.tags, r.stage, r.status, r.warmth, r.lead_score,
       r.last_contacted_at, r.next_follow_up, r.owner_id, r.created_at, r.updated_at
FROM jsonb_to_recordset(@rows::jsonb) AS r(id uuid, first_name text, last_name text, email text, phone text, company_id uuid, job_title text,
     source text, tags text[], stage text, status text, warmth text, lead_score integer, last_contacted_at timestamptz, next_follow_up date,
     owner_id uuid, created_at timestamptz, updated_at timestamptz)
ON CONFLICT DO NOTHING;

-- name: SeedCompanies :execrows
INSERT INTO companies (tenant_id, id, name, created_at, updated_at)
SELECT @tenant_id::uuid, r.id, r.name, @now::timestamptz, @now
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@names::text[]) AS name) r
ON CONFLICT DO NOTHING;

-- name: ListMemberIDs :many
SELECT user_id FROM memberships WHERE tenant_id = @tenant_id ORDER BY user_id;

-- name: ListSeededCompanies :many
SELECT id, name FROM companies WHERE tenant_id = @tenant_id AND deleted_at IS NULL AND name = ANY (@names::text[]);

-- name: CountFoundContacts :one
-- The function reads the tenant from the guard itself.
-- @sqlc-vet-disable tenant-scoped
SELECT count_contacts(@pattern::text, @most::bigint)::bigint;
