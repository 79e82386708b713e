-- +goose Up
-- An import reads one uploaded file in the background. Its status and progress stand in job_progress
-- under the same id. line is the last line of the file whose outcome is committed: a job that was
-- killed goes on behind it.
CREATE TABLE imports (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    entity     text        NOT NULL,
    file_name  text        NOT NULL,
    blob_key   text        NOT NULL,
    mapping    jsonb       NOT NULL DEFAULT '{}',
    duplicates text        NOT NULL DEFAULT 'skip',
    dry_run    boolean     NOT NULL DEFAULT false,
    line       bigint      NOT NULL DEFAULT 0,
    created    bigint      NOT NULL DEFAULT 0,
    updated    bigint      NOT NULL DEFAULT 0,
    skipped    bigint      NOT NULL DEFAULT 0,
    failed     bigint      NOT NULL DEFAULT 0,
    created_by uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT imports_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT imports_id_fkey FOREIGN KEY (tenant_id, id) REFERENCES job_progress (tenant_id, id),
    CONSTRAINT imports_entity_check CHECK (entity IN ('contacts')),
    CONSTRAINT imports_duplicates_check CHECK (duplicates IN ('skip', 'update', 'create'))
);
CREATE INDEX imports_created_at_idx ON imports (tenant_id, created_at, id);
ALTER TABLE imports ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON imports USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- One refused row of an import, as it stood in the file, with every reason.
CREATE TABLE import_errors (
    tenant_id uuid   NOT NULL,
    import_id uuid   NOT NULL,
    line      bigint NOT NULL,
    details   jsonb  NOT NULL,
    cells     text[] NOT NULL,
    CONSTRAINT import_errors_pkey PRIMARY KEY (tenant_id, import_id, line),
    CONSTRAINT import_errors_import_id_fkey FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE import_errors ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON import_errors USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
