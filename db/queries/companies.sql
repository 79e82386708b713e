-- name: GetCompany :one
SELECT c.id, c.name, c.parent_id, coalesce(o.name, '')::text AS parent_name, c.type, c.industry, c.annual_revenue, c.employees, c.website,
       c.phone, c.email, c.gstin, c.tags, c.notes, c.addresses, c.owner_id, coalesce(u.name, '')::text AS owner_name, m.team_id AS owner_team_id,
       c.version, c.created_at, c.updated_at, c.deleted_at
FROM companies c
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.parent_id AND o.deleted_at IS NULL
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
LEFT JOIN users u ON u.id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.id = @id;

-- name: LockCompany :one
-- Holds the record until the transaction ends, so that two writers meet one after the other.
-- Not the key: others may still refer to it.
SELECT version FROM companies WHERE tenant_id = @tenant_id AND id = @id FOR NO KEY UPDATE;

-- name: SaveCompany :exec
-- Makes the company, or changes the one with this id.
INSERT INTO companies (tenant_id, id, name, parent_id, type, industry, annual_revenue, employees, website, phone, email, gstin, tags, notes,
                       addresses, owner_id, created_at, updated_at)
VALUES (@tenant_id, @id, @name, @parent_id, @type, @industry, @annual_revenue, @employees, @website, @phone, @email, @gstin, @tags, @notes,
        @addresses, @owner_id, @now, @now)
ON CONFLICT (tenant_id, id) DO UPDATE SET
    name = excluded.name, parent_id = excluded.parent_id, type = excluded.type, industry = excluded.industry,
    annual_revenue = excluded.annual_revenue, employees = excluded.employees, website = excluded.website, phone = excluded.phone,
    email = excluded.email, gstin = excluded.gstin, tags = excluded.tags, notes = excluded.notes, addresses = excluded.addresses,
    owner_id = excluded.owner_id, version = companies.version + 1, updated_at = excluded.updated_at;

-- name: SetCompanyDeleted :exec
UPDATE companies SET deleted_at = @deleted_at, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND id = @id;

-- name: LockCompanyTree :exec
-- Two who move companies of one tenant at the same time could make a circle of what is right for each of them.
-- @sqlc-vet-disable tenant-scoped
SELECT pg_advisory_xact_lock(hashtextextended('companies ' || sqlc.arg(tenant_id)::text, 0));

-- name: ListCompanyAncestors :many
-- The company itself and what stands above it, those in the trash too; at most so many.
WITH RECURSIVE up AS (
    SELECT c.id, c.parent_id, 1 AS level FROM companies c WHERE c.tenant_id = @tenant_id AND c.id = @id
    UNION ALL
    SELECT c.id, c.parent_id, up.level + 1 FROM companies c JOIN up ON c.id = up.parent_id WHERE c.tenant_id = @tenant_id AND up.level < sqlc.arg(most)::integer)
SELECT id FROM up ORDER BY level;

-- name: CompanyHeight :one
-- How many levels there are from the company down, itself counted, those in the trash too; at most so many.
WITH RECURSIVE down AS (
    SELECT c.id, 1 AS level FROM companies c WHERE c.tenant_id = @tenant_id AND c.id = @id
    UNION ALL
    SELECT c.id, down.level + 1 FROM companies c JOIN down ON c.parent_id = down.id WHERE c.tenant_id = @tenant_id AND down.level < sqlc.arg(most)::integer)
SELECT coalesce(max(level), 0)::integer FROM down;

-- name: FindOrInsertCompany :one
-- Finds the living company of that name whatever its case, or makes it.
INSERT INTO companies (tenant_id, id, name, owner_id, created_at, updated_at)
VALUES (@tenant_id, @id, @name, @owner_id, @now, @now)
ON CONFLICT (tenant_id, lower(name)) WHERE deleted_at IS NULL DO UPDATE SET name = companies.name
RETURNING id, name, (xmax = 0)::boolean AS inserted;

-- name: FindCompanyByName :one
-- The living company of that name, in lower case.
SELECT id FROM companies WHERE tenant_id = @tenant_id AND deleted_at IS NULL AND sort_name = lower(@name::text);

-- name: CountFoundCompanies :one
-- The function reads the tenant from the guard itself.
-- @sqlc-vet-disable tenant-scoped
SELECT count_companies(@pattern::text, @most::bigint)::bigint;

-- name: FindCompanyDuplicates :many
-- The living companies besides one that share a name, an e-mail, a phone, a GSTIN or a website; an empty value shares nothing.
(SELECT 'name' AS field, c.id, c.name, c.owner_id, m.team_id AS owner_team_id
 FROM companies c LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
 WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.sort_name = lower(@name::text) AND @name::text <> '' AND c.id <> @except_id LIMIT 5)
UNION ALL
(SELECT 'email', c.id, c.name, c.owner_id, m.team_id
 FROM companies c LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
 WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.email = @email AND c.email <> '' AND c.id <> @except_id LIMIT 5)
UNION ALL
(SELECT 'phone', c.id, c.name, c.owner_id, m.team_id
 FROM companies c LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
 WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.phone = @phone AND c.phone <> '' AND c.id <> @except_id LIMIT 5)
UNION ALL
(SELECT 'gstin', c.id, c.name, c.owner_id, m.team_id
 FROM companies c LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
 WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.gstin = @gstin AND c.gstin <> '' AND c.id <> @except_id LIMIT 5)
UNION ALL
(SELECT 'website', c.id, c.name, c.owner_id, m.team_id
 FROM companies c LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
 WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.site = @site AND c.site <> '' AND c.id <> @except_id LIMIT 5);
