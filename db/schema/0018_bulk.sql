-- +goose Up
-- A bulk run does one thing to many records in the background. Its status and progress stand in
-- job_progress under the same id. The records are gathered first and then changed, chunk by chunk: place
-- is where gathering goes on, reached the last item whose outcome is committed, so that a job that was
-- killed goes on behind both. matching says how the records are chosen, NULL when they were named; undoes
-- is the run that this one takes back.
CREATE TABLE bulk_runs (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    entity     text        NOT NULL,
    action     text        NOT NULL,
    value      jsonb       NOT NULL DEFAULT '{}',
    matching   jsonb,
    undoes     uuid,
    gathered   boolean     NOT NULL,
    place      text        NOT NULL DEFAULT '',
    total      bigint      NOT NULL DEFAULT 0,
    reached    bigint      NOT NULL DEFAULT 0,
    done       bigint      NOT NULL DEFAULT 0,
    failed     bigint      NOT NULL DEFAULT 0,
    skipped    bigint      NOT NULL DEFAULT 0,
    created_by uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT bulk_runs_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT bulk_runs_id_fkey FOREIGN KEY (tenant_id, id) REFERENCES job_progress (tenant_id, id),
    CONSTRAINT bulk_runs_undoes_fkey FOREIGN KEY (tenant_id, undoes) REFERENCES bulk_runs (tenant_id, id)
);
-- A run is undone once.
CREATE UNIQUE INDEX bulk_runs_tenant_id_undoes_key ON bulk_runs (tenant_id, undoes) WHERE undoes IS NOT NULL;
CREATE INDEX bulk_runs_created_at_idx ON bulk_runs (created_at);
ALTER TABLE bulk_runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON bulk_runs USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- One record of a run. outcome is '' until its turn has come. Of a record that was changed, before holds
-- the values that were changed and version the one it has since; of a record to be put back, what it
-- gets and the version that it must still have.
CREATE TABLE bulk_items (
    tenant_id uuid   NOT NULL,
    run_id    uuid   NOT NULL,
    n         bigint NOT NULL,
    record_id uuid   NOT NULL,
    outcome   text   NOT NULL DEFAULT '',
    reason    text   NOT NULL DEFAULT '',
    before    jsonb,
    version   bigint NOT NULL DEFAULT 0,
    CONSTRAINT bulk_items_pkey PRIMARY KEY (tenant_id, run_id, n),
    CONSTRAINT bulk_items_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES bulk_runs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT bulk_items_outcome_check CHECK (outcome IN ('', 'done', 'failed', 'skipped'))
);
CREATE INDEX bulk_items_problems_idx ON bulk_items (tenant_id, run_id, n) WHERE outcome IN ('failed', 'skipped');
ALTER TABLE bulk_items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON bulk_items USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- The items of old runs go in one sweep over every tenant, which row level security would not allow; at
-- most 10,000 a call. The runs themselves stay: they are few.
CREATE FUNCTION purge_bulk_items(created_before timestamptz) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    WITH gone AS (
        DELETE FROM public.bulk_items WHERE ctid = ANY (ARRAY(
            SELECT i.ctid FROM public.bulk_runs r JOIN public.bulk_items i ON i.tenant_id = r.tenant_id AND i.run_id = r.id
            WHERE r.created_at < created_before LIMIT 10000))
        RETURNING 1)
    SELECT count(*) FROM gone
    $$;
REVOKE EXECUTE ON FUNCTION purge_bulk_items(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_bulk_items(timestamptz) TO payaid_app;

-- How one person wants one list to look. An empty array of columns means those that the list has anyway.
CREATE TABLE list_settings (
    tenant_id uuid    NOT NULL,
    user_id   uuid    NOT NULL,
    entity    text    NOT NULL,
    columns   text[]  NOT NULL DEFAULT '{}',
    density   text    NOT NULL DEFAULT 'comfortable',
    page_size integer NOT NULL DEFAULT 25,
    CONSTRAINT list_settings_pkey PRIMARY KEY (tenant_id, user_id, entity),
    CONSTRAINT list_settings_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE,
    CONSTRAINT list_settings_density_check CHECK (density IN ('comfortable', 'compact')),
    CONSTRAINT list_settings_page_size_check CHECK (page_size IN (25, 50, 100))
);
ALTER TABLE list_settings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON list_settings USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
