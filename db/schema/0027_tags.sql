-- +goose Up
-- The tags of a tenant: names that contacts and companies share, each with a colour. The records keep the
-- names themselves in their arrays: a list, a filter, a search, an export and what the cache holds then need
-- no join, and a page of a list stays one index scan. This table is the vocabulary: which names there are, how
-- they look, what forms suggest. It follows the arrays in the same transaction, and a rename, a merge or a
-- deletion rewrites the arrays in a job. No foreign key joins the two: an array cannot have one, and a replica of an
-- older version goes on writing names while this is rolled out; such a name gets its row when its record is
-- saved next. Names are in lower case, as they always were in the arrays, so that every spelling is one tag.
CREATE TABLE tags (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    colour     text        NOT NULL DEFAULT 'grey',
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT tags_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT tags_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT tags_name_check CHECK (length(name) BETWEEN 1 AND 50),
    CONSTRAINT tags_colour_check CHECK (colour IN ('grey', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'pink'))
);
CREATE UNIQUE INDEX tags_tenant_id_name_key ON tags (tenant_id, name);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tags USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

INSERT INTO tags (tenant_id, id, name, created_at, updated_at)
SELECT tenant_id, gen_random_uuid(), name, now(), now() FROM (
    SELECT tenant_id, unnest(tags) AS name FROM contacts WHERE tags <> '{}'
    UNION
    SELECT tenant_id, unnest(tags) FROM companies WHERE tags <> '{}') used
WHERE length(name) BETWEEN 1 AND 50;

-- Which records have a tag, in the trash too. Most records have none and cost this nothing.
CREATE INDEX contacts_tags_idx ON contacts USING gin (tenant_id, tags) WHERE tags <> '{}';
CREATE INDEX companies_tags_idx ON companies USING gin (tenant_id, tags) WHERE tags <> '{}';

-- One rename, merge or deletion of a tag, or the undoing of a deletion, on its way through the records. Its
-- status and progress stand in job_progress under the same id. to_name is '' for a deletion, from_name for the
-- undoing of one. While a run is open no other one begins with either of its names.
CREATE TABLE tag_runs (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    tag_id     uuid        NOT NULL,
    action     text        NOT NULL,
    from_name  text        NOT NULL,
    to_name    text        NOT NULL,
    colour     text        NOT NULL,
    undoes     uuid,
    done       bigint      NOT NULL DEFAULT 0,
    open       boolean     NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    CONSTRAINT tag_runs_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT tag_runs_id_fkey FOREIGN KEY (tenant_id, id) REFERENCES job_progress (tenant_id, id),
    CONSTRAINT tag_runs_undoes_fkey FOREIGN KEY (tenant_id, undoes) REFERENCES tag_runs (tenant_id, id),
    CONSTRAINT tag_runs_action_check CHECK (action IN ('rename', 'merge', 'delete', 'restore'))
);
-- A deletion is undone once.
CREATE UNIQUE INDEX tag_runs_tenant_id_undoes_key ON tag_runs (tenant_id, undoes) WHERE undoes IS NOT NULL;
CREATE INDEX tag_runs_tag_id_idx ON tag_runs (tenant_id, tag_id, id);
CREATE INDEX tag_runs_open_idx ON tag_runs (tenant_id, id) WHERE open;
CREATE INDEX tag_runs_created_at_idx ON tag_runs (created_at);
ALTER TABLE tag_runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tag_runs USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- The records from which a deletion took the tag: its undoing gives it back to them.
CREATE TABLE tag_run_records (
    tenant_id uuid NOT NULL,
    run_id    uuid NOT NULL,
    entity    text NOT NULL,
    record_id uuid NOT NULL,
    CONSTRAINT tag_run_records_pkey PRIMARY KEY (tenant_id, run_id, entity, record_id),
    CONSTRAINT tag_run_records_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES tag_runs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT tag_run_records_entity_check CHECK (entity IN ('contact', 'company'))
);
ALTER TABLE tag_run_records ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tag_run_records USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- As find_contacts: row level security would hide the index, since @> is not leakproof. The tenant comes from
-- the guard's setting, never from an argument. Those that count look at living records only, and at no more
-- than so many of them.
CREATE FUNCTION find_tagged_contacts(tag text, most bigint) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT c.id FROM public.contacts c WHERE c.tenant_id = public.app_tenant() AND c.tags <> '{}' AND c.tags @> ARRAY[tag] LIMIT most
    $$;
CREATE FUNCTION find_tagged_companies(tag text, most bigint) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT c.id FROM public.companies c WHERE c.tenant_id = public.app_tenant() AND c.tags <> '{}' AND c.tags @> ARRAY[tag] LIMIT most
    $$;
CREATE FUNCTION count_tagged_contacts(tag text, most bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT count(*) FROM (
        SELECT FROM public.contacts c
        WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.tags <> '{}' AND c.tags @> ARRAY[tag] LIMIT most) hits
    $$;
CREATE FUNCTION count_tagged_companies(tag text, most bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT count(*) FROM (
        SELECT FROM public.companies c
        WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.tags <> '{}' AND c.tags @> ARRAY[tag] LIMIT most) hits
    $$;
REVOKE EXECUTE ON FUNCTION find_tagged_contacts(text, bigint), find_tagged_companies(text, bigint),
    count_tagged_contacts(text, bigint), count_tagged_companies(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_tagged_contacts(text, bigint), find_tagged_companies(text, bigint),
    count_tagged_contacts(text, bigint), count_tagged_companies(text, bigint) TO payaid_app;

-- What old deletions touched goes in one sweep over every tenant, at most 10,000 a call, as purge_bulk_items.
CREATE FUNCTION purge_tag_run_records(created_before timestamptz) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    WITH gone AS (
        DELETE FROM public.tag_run_records WHERE ctid = ANY (ARRAY(
            SELECT i.ctid FROM public.tag_runs r JOIN public.tag_run_records i ON i.tenant_id = r.tenant_id AND i.run_id = r.id
            WHERE r.created_at < created_before LIMIT 10000))
        RETURNING 1)
    SELECT count(*) FROM gone
    $$;
REVOKE EXECUTE ON FUNCTION purge_tag_run_records(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_tag_run_records(timestamptz) TO payaid_app;

-- How the list looks under a view. An empty array and '' mean: as the viewer wants every list of the entity to look.
ALTER TABLE saved_views
    ADD COLUMN columns text[] NOT NULL DEFAULT '{}',
    ADD COLUMN density text   NOT NULL DEFAULT '',
    ADD CONSTRAINT saved_views_density_check CHECK (density IN ('', 'comfortable', 'compact'));
