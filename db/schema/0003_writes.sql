-- +goose Up
-- What internal/change keeps about every write, and the progress of jobs. Version 0002 is River's
-- own schema, migrated from Go (db/migrate.go).

-- Append only, and it survives the record it tells about. tenant_id is NULL for what concerns the
-- installation as a whole (a platform administrator was made).
CREATE TABLE audit_entries (
    tenant_id    uuid,
    id           uuid        NOT NULL,
    at           timestamptz NOT NULL,
    actor_id     uuid,
    actor_kind   text        NOT NULL,
    actor_name   text        NOT NULL,
    ip           text        NOT NULL DEFAULT '',
    request_id   text        NOT NULL DEFAULT '',
    action       text        NOT NULL,
    entity       text        NOT NULL,
    entity_id    uuid        NOT NULL,
    before       jsonb,
    after        jsonb,
    CONSTRAINT audit_entries_pkey PRIMARY KEY (id),
    CONSTRAINT audit_entries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT audit_entries_actor_kind_check CHECK (actor_kind IN ('user', 'api_key', 'system'))
);
CREATE INDEX audit_entries_tenant_id_at_idx ON audit_entries (tenant_id, at DESC, id DESC);
CREATE INDEX audit_entries_tenant_id_entity_idx ON audit_entries (tenant_id, entity, entity_id, at DESC);
ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_entries USING (tenant_id = app_tenant())
    WITH CHECK (tenant_id = app_tenant() OR (tenant_id IS NULL AND app_tenant() IS NULL));
REVOKE UPDATE, DELETE ON audit_entries FROM payaid_app;

-- The answer of a write that came with an Idempotency-Key, replayed for 24 hours.
CREATE TABLE idempotency_keys (
    tenant_id   uuid        NOT NULL,
    actor_id    uuid        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    result      jsonb,
    created_at  timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, actor_id, key),
    CONSTRAINT idempotency_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency_keys USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- Expired keys of every tenant go in one sweep, which no tenant's guard could do. At most 10,000 a
-- call, so that the sweep never holds locks for long.
CREATE FUNCTION purge_idempotency_keys(created_before timestamptz) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    WITH gone AS (
        DELETE FROM public.idempotency_keys WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM public.idempotency_keys WHERE created_at < created_before LIMIT 10000))
        RETURNING 1)
    SELECT count(*) FROM gone
    $$;
REVOKE EXECUTE ON FUNCTION purge_idempotency_keys(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_idempotency_keys(timestamptz) TO payaid_app;

-- The cache tags of a committed write whose writer has not yet ended them. Whoever finds a row ends
-- its tags and deletes it, so that a writer killed after its commit leaves nothing stale.
CREATE TABLE cache_outbox (
    id         uuid        NOT NULL,
    tenant_id  uuid        NOT NULL,
    tags       text[]      NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT cache_outbox_pkey PRIMARY KEY (id)
);

-- How far a background job is, for the page that waits for it. Written by the job as it goes.
CREATE TABLE job_progress (
    tenant_id   uuid        NOT NULL,
    id          uuid        NOT NULL,
    kind        text        NOT NULL,
    status      text        NOT NULL DEFAULT 'queued',
    done        bigint      NOT NULL DEFAULT 0,
    total       bigint      NOT NULL DEFAULT 0,
    message     text        NOT NULL DEFAULT '',
    created_by  uuid,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT job_progress_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT job_progress_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT job_progress_status_check CHECK (status IN ('queued', 'running', 'completed', 'failed')),
    CONSTRAINT job_progress_done_check CHECK (done >= 0 AND total >= 0)
);
ALTER TABLE job_progress ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON job_progress USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
