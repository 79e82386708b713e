-- +goose Up
-- The rows of a file on their way into tables with row security, which COPY refuses: they wait here, as
-- they stand in the file, and leave with the end of their import. No backup needs them: an import whose
-- rows are gone reads its file again.
CREATE SCHEMA staging;
GRANT USAGE ON SCHEMA staging TO payaid_app;
CREATE TABLE staging.import_rows (
    tenant_id uuid    NOT NULL,
    import_id uuid    NOT NULL,
    line      bigint  NOT NULL,
    cells     bytea[] NOT NULL,
    problem   text    NOT NULL,
    size      integer NOT NULL,
    CONSTRAINT import_rows_pkey PRIMARY KEY (import_id, line)
);
GRANT SELECT, INSERT, DELETE ON staging.import_rows TO payaid_app;

-- staged_line is the last line of the file that stands in staging.import_rows, staged how many rows do,
-- and all_staged that the file is read to its end. The undoing of an import is a job of its own, whose
-- progress stands under undo_id.
ALTER TABLE imports
    ADD COLUMN staged_line bigint NOT NULL DEFAULT 0,
    ADD COLUMN staged bigint NOT NULL DEFAULT 0,
    ADD COLUMN all_staged boolean NOT NULL DEFAULT false,
    ADD COLUMN undo_id uuid,
    ADD COLUMN removed bigint NOT NULL DEFAULT 0,
    ADD COLUMN restored bigint NOT NULL DEFAULT 0,
    ADD COLUMN spared bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT imports_undo_id_fkey FOREIGN KEY (tenant_id, undo_id) REFERENCES job_progress (tenant_id, id),
    DROP CONSTRAINT imports_entity_check,
    ADD CONSTRAINT imports_entity_check CHECK (entity IN ('contacts', 'companies'));

-- What an import did to one record: the version it left behind, by which the undoing sees whether
-- somebody has changed the record since, and how the record was before, NULL when it was new.
CREATE TABLE import_records (
    tenant_id uuid   NOT NULL,
    import_id uuid   NOT NULL,
    record_id uuid   NOT NULL,
    version   bigint NOT NULL,
    before    jsonb,
    CONSTRAINT import_records_pkey PRIMARY KEY (tenant_id, import_id, record_id),
    CONSTRAINT import_records_import_id_fkey FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE import_records ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON import_records USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- An uploaded file whose columns somebody is looking at. It becomes an import, or goes after a day.
CREATE TABLE import_drafts (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    entity     text        NOT NULL,
    file_name  text        NOT NULL,
    blob_key   text        NOT NULL,
    size       bigint      NOT NULL,
    sha256     text        NOT NULL,
    mapping    jsonb       NOT NULL,
    sheets     text[]      NOT NULL DEFAULT '{}',
    created_by uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT import_drafts_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT import_drafts_created_by_fkey FOREIGN KEY (tenant_id, created_by) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX import_drafts_created_at_idx ON import_drafts (created_at);
ALTER TABLE import_drafts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON import_drafts USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- How a business last mapped files with this header.
CREATE TABLE import_mappings (
    tenant_id  uuid        NOT NULL,
    entity     text        NOT NULL,
    header     text        NOT NULL,
    columns    jsonb       NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT import_mappings_pkey PRIMARY KEY (tenant_id, entity, header),
    CONSTRAINT import_mappings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);
ALTER TABLE import_mappings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON import_mappings USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

CREATE OR REPLACE VIEW stored_objects WITH (security_invoker = true) AS
    SELECT tenant_id, blob_key AS key, NULL::bigint AS size, NULL::text AS sha256 FROM imports
    UNION ALL
    SELECT tenant_id, blob_key, size, sha256 FROM import_drafts;

-- What nobody will ask for any more, of every tenant in one sweep, which no tenant's guard could do:
-- staged rows of imports that are over, and drafts from before a time, whose files the caller removes.
CREATE FUNCTION purge_staged_rows() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    WITH gone AS (
        DELETE FROM staging.import_rows r WHERE NOT EXISTS (
            SELECT FROM public.job_progress j WHERE j.tenant_id = r.tenant_id AND j.id = r.import_id AND j.finished_at IS NULL)
        RETURNING 1)
    SELECT count(*) FROM gone
    $$;
REVOKE EXECUTE ON FUNCTION purge_staged_rows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_staged_rows() TO payaid_app;

CREATE FUNCTION purge_import_drafts(created_before timestamptz) RETURNS TABLE (key text)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    DELETE FROM public.import_drafts WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM public.import_drafts WHERE created_at < created_before LIMIT 1000))
    RETURNING blob_key
    $$;
REVOKE EXECUTE ON FUNCTION purge_import_drafts(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_import_drafts(timestamptz) TO payaid_app;
