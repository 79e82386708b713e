-- name: FindCompaniesByKeys :many
-- The living companies with one of these names, in lower case, GSTINs, e-mails or phones.
SELECT c.id, c.name, c.gstin, c.email, c.phone FROM companies c
WHERE c.tenant_id = @tenant_id AND c.id IN (
    SELECT n.id FROM companies n WHERE n.tenant_id = @tenant_id AND n.deleted_at IS NULL AND n.sort_name = ANY (@names::text[])
    UNION ALL SELECT g.id FROM companies g WHERE g.tenant_id = @tenant_id AND g.deleted_at IS NULL AND g.gstin <> '' AND g.gstin = ANY (@gstins::text[])
    UNION ALL SELECT e.id FROM companies e WHERE e.tenant_id = @tenant_id AND e.deleted_at IS NULL AND e.email <> '' AND e.email = ANY (@emails::text[])
    UNION ALL SELECT p.id FROM companies p WHERE p.tenant_id = @tenant_id AND p.deleted_at IS NULL AND p.phone <> '' AND p.phone = ANY (@phones::text[]));

-- name: LockCompaniesByKeys :many
-- The same whole, held until the transaction ends. Every import locks in this order, so that two of them
-- never wait for each other.
SELECT c.id, c.name, c.parent_id, coalesce(o.name, '')::text AS parent_name, c.type, c.industry, c.annual_revenue, c.employees, c.website,
       c.phone, c.email, c.gstin, c.tags, c.notes, c.addresses, c.owner_id, coalesce(u.name, '')::text AS owner_name, m.team_id AS owner_team_id,
       c.version, c.created_at, c.updated_at, c.deleted_at
FROM companies c
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.parent_id AND o.deleted_at IS NULL
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
LEFT JOIN users u ON u.id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.id IN (
    SELECT n.id FROM companies n WHERE n.tenant_id = @tenant_id AND n.deleted_at IS NULL AND n.sort_name = ANY (@names::text[])
    UNION ALL SELECT g.id FROM companies g WHERE g.tenant_id = @tenant_id AND g.deleted_at IS NULL AND g.gstin <> '' AND g.gstin = ANY (@gstins::text[])
    UNION ALL SELECT e.id FROM companies e WHERE e.tenant_id = @tenant_id AND e.deleted_at IS NULL AND e.email <> '' AND e.email = ANY (@emails::text[])
    UNION ALL SELECT p.id FROM companies p WHERE p.tenant_id = @tenant_id AND p.deleted_at IS NULL AND p.phone <> '' AND p.phone = ANY (@phones::text[]))
ORDER BY c.id
FOR NO KEY UPDATE OF c;

-- name: LockCompaniesByID :many
-- The living companies with these ids, held until the transaction ends.
SELECT c.id, c.name, c.parent_id, coalesce(o.name, '')::text AS parent_name, c.type, c.industry, c.annual_revenue, c.employees, c.website,
       c.phone, c.email, c.gstin, c.tags, c.notes, c.addresses, c.owner_id, coalesce(u.name, '')::text AS owner_name, m.team_id AS owner_team_id,
       c.version, c.created_at, c.updated_at, c.deleted_at
FROM companies c
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.parent_id AND o.deleted_at IS NULL
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
LEFT JOIN users u ON u.id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.id = ANY (@ids::uuid[])
ORDER BY c.id
FOR NO KEY UPDATE OF c;

-- name: FindParents :many
-- The living companies of these names, in lower case.
SELECT c.id, c.name, c.owner_id, m.team_id AS owner_team_id
FROM companies c LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.sort_name = ANY (@names::text[]);

-- name: ListAncestors :many
-- These companies and what stands above them, those in the trash too; at most so many levels.
WITH RECURSIVE up AS (
    SELECT c.id, c.parent_id, 1 AS level FROM companies c WHERE c.tenant_id = @tenant_id AND c.id = ANY (@ids::uuid[])
    UNION
    SELECT c.id, c.parent_id, up.level + 1 FROM companies c JOIN up ON c.id = up.parent_id WHERE c.tenant_id = @tenant_id AND up.level < sqlc.arg(most)::integer)
SELECT id, parent_id FROM up;

-- name: InsertCompanies :many
-- Makes the companies whose name is free, and tells which. A name that another transaction is just taking
-- is waited for, always in the same order.
INSERT INTO companies (tenant_id, id, name, parent_id, type, industry, annual_revenue, employees, website, phone, email, gstin, tags, notes,
                       addresses, owner_id, created_at, updated_at)
SELECT @tenant_id::uuid, r.id, r.name, r.parent_id, r.type, r.industry, r.annual_revenue, r.employees, r.website, r.phone, r.email, r.gstin, r.tags, r.notes,
       r.addresses, r.owner_id, @now::timestamptz, @now
FROM jsonb_to_recordset(@rows::jsonb) AS r(id uuid, name text, parent_id uuid, type text, industry text, annual_revenue bigint, employees integer,
     website text, phone text, email text, gstin text, tags text[], notes text, addresses jsonb, owner_id uuid)
ORDER BY lower(r.name), r.id
ON CONFLICT (tenant_id, lower(name)) WHERE deleted_at IS NULL DO NOTHING
RETURNING id;

-- name: UpdateCompanies :exec
-- Changes companies that this transaction has locked. The owner stays.
UPDATE companies c SET
    name = r.name, parent_id = r.parent_id, type = r.type, industry = r.industry, annual_revenue = r.annual_revenue, employees = r.employees,
    website = r.website, phone = r.phone, email = r.email, gstin = r.gstin, tags = r.tags, notes = r.notes, addresses = r.addresses,
    version = c.version + 1, updated_at = @now
FROM jsonb_to_recordset(@rows::jsonb) AS r(id uuid, name text, parent_id uuid, type text, industry text, annual_revenue bigint, employees integer,
     website text, phone text, email text, gstin text, tags text[], notes text, addresses jsonb)
WHERE c.tenant_id = @tenant_id AND c.id = r.id;

-- name: TrashCompanies :exec
UPDATE companies SET deleted_at = @now::timestamptz, version = version + 1, updated_at = @now::timestamptz
WHERE tenant_id = @tenant_id AND id = ANY (@ids::uuid[]);
