-- name: GetContact :one
SELECT c.id, c.first_name, c.last_name, c.name, c.email, c.phone, c.company_id, coalesce(o.name, '')::text AS company_name,
       c.job_title, c.source, c.address, c.gstin, c.notes, c.tags, c.stage, c.status, c.warmth, c.lead_score,
       c.last_contacted_at, c.next_follow_up, c.owner_id, coalesce(u.name, '')::text AS owner_name, m.team_id AS owner_team_id,
       c.version, c.created_at, c.updated_at, c.deleted_at
FROM contacts c
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id AND o.deleted_at IS NULL
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
LEFT JOIN users u ON u.id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.id = @id;

-- name: LockContact :one
-- Holds the record until the transaction ends, so that two writers meet one after the other.
SELECT version FROM contacts WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: LockContactForContacted :one
-- As LockContact, but not the key: what hangs on the contact may still refer to it.
SELECT last_contacted_at FROM contacts WHERE tenant_id = @tenant_id AND id = @id FOR NO KEY UPDATE;

-- name: SetContactLastContacted :exec
-- It follows from activities, so neither the version nor the time of the last change moves: whoever edits the
-- contact has nothing to look at again.
UPDATE contacts SET last_contacted_at = sqlc.narg(last_contacted_at)::timestamptz WHERE tenant_id = @tenant_id AND id = @id;

-- name: SaveContact :exec
-- Makes the contact, or changes the one with this id.
INSERT INTO contacts (tenant_id, id, first_name, last_name, email, phone, company_id, job_title, source, address, gstin, notes, tags,
                      stage, status, warmth, lead_score, last_contacted_at, next_follow_up, owner_id, created_at, updated_at)
VALUES (@tenant_id, @id, @first_name, @last_name, @email, @phone, @company_id, @job_title, @source, @address, @gstin, @notes, @tags,
        @stage, @status, @warmth, @lead_score, @last_contacted_at, @next_follow_up, @owner_id, @now, @now)
ON CONFLICT (tenant_id, id) DO UPDATE SET
    first_name = excluded.first_name, last_name = excluded.last_name, email = excluded.email, phone = excluded.phone,
    company_id = excluded.company_id, job_title = excluded.job_title, source = excluded.source, address = excluded.address,
    gstin = excluded.gstin, notes = excluded.notes, tags = excluded.tags, stage = excluded.stage, status = excluded.status,
    warmth = excluded.warmth, lead_score = excluded.lead_score, last_contacted_at = excluded.last_contacted_at,
    next_follow_up = excluded.next_follow_up, owner_id = excluded.owner_id, version = contacts.version + 1, updated_at = excluded.updated_at;

-- name: SetContactDeleted :exec
UPDATE contacts SET deleted_at = @deleted_at, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND id = @id;

-- name: FindContactsByEmail :many
-- The living contacts behind the e-mails of one chunk of an import.
SELECT id, email FROM contacts
WHERE tenant_id = @tenant_id AND deleted_at IS NULL AND email = ANY (@emails::text[]) AND email <> '';

-- name: SeedCompanies :many
-- An owner is null where the business has nobody yet.
INSERT INTO companies (tenant_id, id, name, owner_id, created_at, updated_at)
SELECT @tenant_id::uuid, r.id, r.name, nullif(r.owner_id, '00000000-0000-0000-0000-000000000000'), @now::timestamptz, @now
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@names::text[]) AS name, unnest(@owners::uuid[]) AS owner_id) r
ON CONFLICT DO NOTHING
RETURNING id, name;

-- name: ListMemberIDs :many
SELECT user_id FROM memberships WHERE tenant_id = @tenant_id ORDER BY user_id;

-- name: ListSeededCompanies :many
-- By the column of the order, which has an index: without one each name is compared with every company.
SELECT c.id, c.name FROM unnest(@names::text[]) AS n (name) JOIN companies c ON c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.sort_name = lower(n.name) AND c.name = n.name;

-- name: CountFoundContacts :one
-- The function reads the tenant from the guard itself.
-- @sqlc-vet-disable tenant-scoped
SELECT count_contacts(@pattern::text, @most::bigint)::bigint;

-- name: FindContactDuplicates :many
-- The living contacts besides one that share an e-mail, a phone or a GSTIN; an empty value shares nothing.
(SELECT 'email' AS field, c.id, c.name, c.owner_id, m.team_id AS owner_team_id
 FROM contacts c LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
 WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.email = @email AND c.email <> '' AND c.id <> @except_id LIMIT 5)
UNION ALL
(SELECT 'phone', c.id, c.name, c.owner_id, m.team_id
 FROM contacts c LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
 WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.phone = @phone AND c.phone <> '' AND c.id <> @except_id LIMIT 5)
UNION ALL
(SELECT 'gstin', c.id, c.name, c.owner_id, m.team_id
 FROM contacts c LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
 WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.gstin = @gstin AND c.gstin <> '' AND c.id <> @except_id LIMIT 5);
