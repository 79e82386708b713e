-- +goose Up
-- What the administration of the whole installation reads.

-- Businesses are found by a part of their short name or name.
CREATE INDEX tenants_search_idx ON tenants USING gin (lower(slug || ' ' || name) gin_trgm_ops);

-- What concerns the installation: entries of no business, and those by which its administration
-- touched a business or its jobs. The condition must stay the one of installation_audit below.
CREATE INDEX audit_entries_installation_idx ON audit_entries (at DESC, id DESC)
    WHERE tenant_id IS NULL OR action IN ('tenant.create', 'tenant.suspend', 'tenant.resume', 'job.retry', 'job.cancel');

-- Row level security hides entries of no business from everybody, and those of a business from
-- whoever stands in another. before_at and before_id are the last entry of the page before.
CREATE FUNCTION installation_audit(before_at timestamptz, before_id uuid, max_rows integer) RETURNS SETOF audit_entries
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT * FROM public.audit_entries
    WHERE (tenant_id IS NULL OR action IN ('tenant.create', 'tenant.suspend', 'tenant.resume', 'job.retry', 'job.cancel'))
      AND (at, id) < (before_at, before_id)
    ORDER BY at DESC, id DESC
    LIMIT least(max_rows, 200)
    $$;
REVOKE EXECUTE ON FUNCTION installation_audit(timestamptz, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION installation_audit(timestamptz, uuid, integer) TO payaid_app;
