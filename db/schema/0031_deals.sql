-- +goose Up
-- Pipelines, their stages, and the deals that go through them. value is in paise. A pipeline has one
-- stage for what is won and one for what is lost; those before are open.
CREATE TABLE pipelines (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    position   integer     NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pipelines_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT pipelines_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT pipelines_name_check CHECK (length(name) BETWEEN 1 AND 100)
);
CREATE UNIQUE INDEX pipelines_tenant_id_name_key ON pipelines (tenant_id, lower(name));
ALTER TABLE pipelines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON pipelines USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- rot_days is how long a deal may stay before it is marked; 0 is for ever. A stage never changes its
-- kind, so that deals can hold it in their key.
CREATE TABLE stages (
    tenant_id   uuid        NOT NULL,
    id          uuid        NOT NULL,
    pipeline_id uuid        NOT NULL,
    name        text        NOT NULL,
    kind        text        NOT NULL,
    probability smallint    NOT NULL,
    rot_days    integer     NOT NULL DEFAULT 0,
    position    integer     NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT stages_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT stages_kind_key UNIQUE (tenant_id, pipeline_id, id, kind),
    CONSTRAINT stages_pipeline_id_fkey FOREIGN KEY (tenant_id, pipeline_id) REFERENCES pipelines (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT stages_name_check CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT stages_kind_check CHECK (kind IN ('open', 'won', 'lost')),
    CONSTRAINT stages_probability_check CHECK (CASE kind WHEN 'won' THEN probability = 100 WHEN 'lost' THEN probability = 0 ELSE probability BETWEEN 0 AND 100 END),
    CONSTRAINT stages_rot_days_check CHECK (rot_days BETWEEN 0 AND 3650 AND (kind = 'open' OR rot_days = 0))
);
CREATE UNIQUE INDEX stages_pipeline_id_name_key ON stages (tenant_id, pipeline_id, lower(name));
CREATE UNIQUE INDEX stages_end_key ON stages (tenant_id, pipeline_id, kind) WHERE kind <> 'open';
ALTER TABLE stages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON stages USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- state repeats the kind of the stage, which the foreign key holds. position orders the cards of a
-- stage: a new one goes before the first (min - 1), one between two others gets the middle of theirs,
-- exactly, so that nothing is ever numbered anew. probability is NULL where that of the stage counts.
-- sort_position is the position as a text in the same order, with as many digits before the point
-- whatever its sign: comparing numerics is not leakproof, and row level security would keep it from the
-- index. sort_close is never null, which keyset cursors need: without a date a deal comes last.
CREATE TABLE deals (
    tenant_id      uuid        NOT NULL,
    id             uuid        NOT NULL,
    name           text        NOT NULL,
    value          bigint      NOT NULL DEFAULT 0,
    probability    smallint,
    pipeline_id    uuid        NOT NULL,
    stage_id       uuid        NOT NULL,
    state          text        NOT NULL,
    stage_since    timestamptz NOT NULL,
    position       numeric     NOT NULL,
    expected_close date,
    closed_at      timestamptz,
    reason         text        NOT NULL DEFAULT '',
    competitor     text        NOT NULL DEFAULT '',
    source         text        NOT NULL DEFAULT '',
    notes          text        NOT NULL DEFAULT '',
    contact_id     uuid,
    company_id     uuid,
    owner_id       uuid,
    version        bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    deleted_at     timestamptz,
    sort_name      text        NOT NULL GENERATED ALWAYS AS (lower(name)) STORED,
    sort_position  text        NOT NULL COLLATE "C" GENERATED ALWAYS AS (trim_scale(position + 5000000000000)::text) STORED,
    sort_close     date        NOT NULL GENERATED ALWAYS AS (coalesce(expected_close, '9999-12-31'::date)) STORED,
    search         text        NOT NULL GENERATED ALWAYS AS (lower(' ' || name || ' ' || source || ' ' || competitor)) STORED,
    CONSTRAINT deals_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT deals_stage_id_fkey FOREIGN KEY (tenant_id, pipeline_id, stage_id, state) REFERENCES stages (tenant_id, pipeline_id, id, kind),
    CONSTRAINT deals_contact_id_fkey FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE SET NULL (contact_id),
    CONSTRAINT deals_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id) ON DELETE SET NULL (company_id),
    CONSTRAINT deals_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES memberships (tenant_id, user_id) ON DELETE SET NULL (owner_id),
    CONSTRAINT deals_name_check CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT deals_value_check CHECK (value >= 0),
    CONSTRAINT deals_probability_check CHECK (probability BETWEEN 0 AND 100),
    CONSTRAINT deals_position_check CHECK (position BETWEEN -4000000000000 AND 4000000000000),
    CONSTRAINT deals_closed_at_check CHECK ((closed_at IS NULL) = (state = 'open')),
    CONSTRAINT deals_reason_check CHECK (state <> 'lost' OR reason <> '')
);
-- One index for each documented order of the list, then one for the cards of a stage (also those in the
-- trash, which keep their place), the sums of the board, the forecast, and the deals of a contact and of a company.
CREATE INDEX deals_sort_name_idx ON deals (tenant_id, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX deals_value_idx ON deals (tenant_id, value, id) WHERE deleted_at IS NULL;
CREATE INDEX deals_sort_close_idx ON deals (tenant_id, sort_close, id) WHERE deleted_at IS NULL;
CREATE INDEX deals_created_at_idx ON deals (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deals_updated_at_idx ON deals (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deals_stage_id_idx ON deals (tenant_id, stage_id, sort_position, id);
CREATE INDEX deals_sums_idx ON deals (tenant_id, pipeline_id, stage_id) INCLUDE (value, probability) WHERE deleted_at IS NULL;
CREATE INDEX deals_forecast_idx ON deals (tenant_id, pipeline_id, expected_close) INCLUDE (stage_id, value, probability) WHERE deleted_at IS NULL AND state = 'open';
CREATE INDEX deals_contact_id_idx ON deals (tenant_id, contact_id, sort_name, id) WHERE contact_id IS NOT NULL;
CREATE INDEX deals_company_id_idx ON deals (tenant_id, company_id, sort_name, id) WHERE company_id IS NOT NULL;
CREATE INDEX deals_owner_id_idx ON deals (tenant_id, owner_id);
CREATE INDEX deals_search_idx ON deals USING gin (tenant_id, search gin_trgm_ops) WHERE deleted_at IS NULL;
ALTER TABLE deals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON deals USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- Where each deal has been, and how long. The name is as it was: the stage may be called otherwise now,
-- or be gone. The row without left_at is where the deal is.
CREATE TABLE deal_stage_history (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    deal_id    uuid        NOT NULL,
    stage_id   uuid        NOT NULL,
    stage_name text        NOT NULL,
    entered_at timestamptz NOT NULL,
    left_at    timestamptz,
    actor_name text        NOT NULL,
    CONSTRAINT deal_stage_history_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT deal_stage_history_deal_id_fkey FOREIGN KEY (tenant_id, deal_id) REFERENCES deals (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT deal_stage_history_left_at_check CHECK (left_at >= entered_at)
);
CREATE INDEX deal_stage_history_deal_id_idx ON deal_stage_history (tenant_id, deal_id, entered_at, id);
CREATE UNIQUE INDEX deal_stage_history_open_key ON deal_stage_history (tenant_id, deal_id) WHERE left_at IS NULL;
ALTER TABLE deal_stage_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON deal_stage_history USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- Search as of companies: row level security would hide the trigram index (LIKE is not leakproof), so
-- these run as the schema's owner. The tenant comes from the guard's setting, never from an argument.
CREATE FUNCTION find_deals(pattern text) RETURNS SETOF deals
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT c.* FROM public.deals c
    WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.search LIKE pattern
    $$;
REVOKE EXECUTE ON FUNCTION find_deals(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_deals(text) TO payaid_app;

CREATE FUNCTION count_deals(pattern text, most bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT count(*) FROM (
        SELECT FROM public.deals c
        WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.search LIKE pattern
        LIMIT most) hits
    $$;
REVOKE EXECUTE ON FUNCTION count_deals(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION count_deals(text, bigint) TO payaid_app;

-- +goose StatementBegin
CREATE FUNCTION find_similar_deals(words text, most bigint) RETURNS SETOF deals
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    PERFORM set_config('pg_trgm.word_similarity_threshold', CASE WHEN length(words) > 8 THEN '0.6' ELSE '0.4' END, true);
    RETURN QUERY
    SELECT c.* FROM public.deals c
    JOIN (
        SELECT id, near, max(near) OVER () AS nearest FROM (
            SELECT c.id, public.word_similarity(words, c.search) AS near FROM public.deals c
            WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND words OPERATOR(public.<%) c.search
            ORDER BY near DESC, c.id LIMIT most) found
    ) n ON n.id = c.id AND n.near >= n.nearest * 0.85
    WHERE c.tenant_id = public.app_tenant();
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION find_similar_deals(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_similar_deals(text, bigint) TO payaid_app;

ALTER TABLE saved_views
    DROP CONSTRAINT saved_views_entity_check,
    ADD CONSTRAINT saved_views_entity_check CHECK (entity IN ('contacts', 'companies', 'deals'));
