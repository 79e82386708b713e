-- +goose Up
-- The timeline: what was noted, said or written about a record, and when it happened. An activity hangs on the
-- first of its links that is set, and who sees that record sees it; the company of a contact is written down
-- beside it, so that the company's page has its people's activities, too. author_name is the author's name as
-- it was then, for whoever has left and for API keys. search holds the beginning of a long text only.
CREATE TABLE activities (
    tenant_id        uuid        NOT NULL,
    id               uuid        NOT NULL,
    type             text        NOT NULL,
    subject          text        NOT NULL DEFAULT '',
    body             text        NOT NULL DEFAULT '',
    outcome          text        NOT NULL DEFAULT '',
    duration_minutes integer,
    occurred_at      timestamptz NOT NULL,
    contact_id       uuid,
    company_id       uuid,
    author_id        uuid,
    author_name      text        NOT NULL,
    version          bigint      NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    deleted_at       timestamptz,
    search           text        NOT NULL GENERATED ALWAYS AS (lower(' ' || subject || ' ' || left(body, 1000))) STORED,
    CONSTRAINT activities_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT activities_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT activities_contact_id_fkey FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    CONSTRAINT activities_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id),
    CONSTRAINT activities_author_id_fkey FOREIGN KEY (tenant_id, author_id) REFERENCES memberships (tenant_id, user_id) ON DELETE SET NULL (author_id),
    CONSTRAINT activities_type_check CHECK (type IN ('note', 'call', 'meeting', 'email', 'whatsapp', 'sms')),
    CONSTRAINT activities_outcome_check CHECK (outcome IN ('', 'positive', 'neutral', 'negative')),
    CONSTRAINT activities_duration_minutes_check CHECK (duration_minutes BETWEEN 0 AND 1440),
    CONSTRAINT activities_text_check CHECK (subject <> '' OR body <> ''),
    CONSTRAINT activities_link_check CHECK (contact_id IS NOT NULL OR company_id IS NOT NULL)
);
-- The whole timeline, that of one record, and what somebody wrote.
CREATE INDEX activities_occurred_at_idx ON activities (tenant_id, occurred_at, id) WHERE deleted_at IS NULL;
CREATE INDEX activities_contact_id_idx ON activities (tenant_id, contact_id, occurred_at, id) WHERE deleted_at IS NULL AND contact_id IS NOT NULL;
CREATE INDEX activities_company_id_idx ON activities (tenant_id, company_id, occurred_at, id) WHERE deleted_at IS NULL AND company_id IS NOT NULL;
CREATE INDEX activities_author_id_idx ON activities (tenant_id, author_id);
CREATE INDEX activities_search_idx ON activities USING gin (tenant_id, search gin_trgm_ops) WHERE deleted_at IS NULL;
ALTER TABLE activities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON activities USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- What colleagues say about an activity.
CREATE TABLE activity_comments (
    tenant_id   uuid        NOT NULL,
    id          uuid        NOT NULL,
    activity_id uuid        NOT NULL,
    body        text        NOT NULL,
    author_id   uuid,
    author_name text        NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT activity_comments_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT activity_comments_activity_id_fkey FOREIGN KEY (tenant_id, activity_id) REFERENCES activities (tenant_id, id),
    CONSTRAINT activity_comments_author_id_fkey FOREIGN KEY (tenant_id, author_id) REFERENCES memberships (tenant_id, user_id) ON DELETE SET NULL (author_id),
    CONSTRAINT activity_comments_body_check CHECK (body <> '')
);
CREATE INDEX activity_comments_activity_id_idx ON activity_comments (tenant_id, activity_id, created_at, id);
CREATE INDEX activity_comments_author_id_idx ON activity_comments (tenant_id, author_id);
ALTER TABLE activity_comments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON activity_comments USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- As find_companies and its neighbours: LIKE is not leakproof, so these run as the schema's owner. The tenant
-- comes from the guard's setting, never from an argument. pattern is a LIKE pattern in lower case.
CREATE FUNCTION find_activities(pattern text) RETURNS SETOF activities
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT c.* FROM public.activities c
    WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.search LIKE pattern
    $$;
REVOKE EXECUTE ON FUNCTION find_activities(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_activities(text) TO payaid_app;

CREATE FUNCTION count_activities(pattern text, most bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT count(*) FROM (
        SELECT FROM public.activities c
        WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.search LIKE pattern
        LIMIT most) hits
    $$;
REVOKE EXECUTE ON FUNCTION count_activities(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION count_activities(text, bigint) TO payaid_app;

-- +goose StatementBegin
CREATE FUNCTION find_similar_activities(words text, most bigint) RETURNS SETOF activities
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    PERFORM set_config('pg_trgm.word_similarity_threshold', CASE WHEN length(words) > 8 THEN '0.6' ELSE '0.4' END, true);
    RETURN QUERY
    SELECT c.* FROM public.activities c
    JOIN (
        SELECT id, near, max(near) OVER () AS nearest FROM (
            SELECT c.id, public.word_similarity(words, c.search) AS near FROM public.activities c
            WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND words OPERATOR(public.<%) c.search
            ORDER BY near DESC, c.id LIMIT most) found
    ) n ON n.id = c.id AND n.near >= n.nearest * 0.85
    WHERE c.tenant_id = public.app_tenant();
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION find_similar_activities(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_similar_activities(text, bigint) TO payaid_app;

-- The lists that can have saved views; a name may stand here before its list does.
ALTER TABLE saved_views
    DROP CONSTRAINT saved_views_entity_check,
    ADD CONSTRAINT saved_views_entity_check CHECK (entity IN ('contacts', 'companies', 'deals', 'activities', 'tasks'));
