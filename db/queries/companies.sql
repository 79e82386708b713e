-- name: FindOrInsertCompany :one
-- Finds the living company of that name whatever its case, or makes it.
INSERT INTO companies (tenant_id, id, name, owner_id, created_at, updated_at)
VALUES (@tenant_id, @id, @name, @owner_id, @now, @now)
ON CONFLICT (tenant_id, lower(name)) WHERE deleted_at IS NULL DO UPDATE SET name = companies.name
RETURNING id, name, (xmax = 0)::boolean AS inserted;

-- name: SuggestCompanies :many
SELECT id, name FROM companies
WHERE tenant_id = @tenant_id AND deleted_at IS NULL AND lower(name) LIKE @pattern
ORDER BY lower(name), id
LIMIT 20;
