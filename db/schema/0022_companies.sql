-- +goose Up
-- Companies as records of their own. '' and NULL mean unknown; email is in lower case, phone in E.164,
-- annual_revenue in paise. addresses is a list of {label, lines, city, stateCode, pin}: they are always
-- read and written with their company. sort_… are never null, which keyset cursors need: what is unknown
-- sorts before everything else. search begins with a space: '% as%' finds words that begin with "as".
ALTER TABLE companies
    ADD COLUMN parent_id      uuid,
    ADD COLUMN type           text   NOT NULL DEFAULT 'customer',
    ADD COLUMN industry       text   NOT NULL DEFAULT '',
    ADD COLUMN annual_revenue bigint,
    ADD COLUMN employees      integer,
    ADD COLUMN website        text   NOT NULL DEFAULT '',
    ADD COLUMN phone          text   NOT NULL DEFAULT '',
    ADD COLUMN email          text   NOT NULL DEFAULT '',
    ADD COLUMN gstin          text   NOT NULL DEFAULT '',
    ADD COLUMN tags           text[] NOT NULL DEFAULT '{}',
    ADD COLUMN notes          text   NOT NULL DEFAULT '',
    ADD COLUMN addresses      jsonb  NOT NULL DEFAULT '[]',
    ADD COLUMN sort_name      text   NOT NULL GENERATED ALWAYS AS (lower(name)) STORED,
    ADD COLUMN sort_revenue   bigint NOT NULL GENERATED ALWAYS AS (coalesce(annual_revenue, -1)) STORED,
    ADD COLUMN sort_employees integer NOT NULL GENERATED ALWAYS AS (coalesce(employees, -1)) STORED,
    ADD COLUMN search         text   NOT NULL GENERATED ALWAYS AS (lower(' ' || name || ' ' || email || ' ' || phone || ' ' || gstin || ' ' || website)) STORED,
    ADD CONSTRAINT companies_parent_id_fkey FOREIGN KEY (tenant_id, parent_id) REFERENCES companies (tenant_id, id),
    ADD CONSTRAINT companies_parent_id_check CHECK (parent_id <> id),
    ADD CONSTRAINT companies_type_check CHECK (type IN ('customer', 'partner', 'competitor')),
    ADD CONSTRAINT companies_annual_revenue_check CHECK (annual_revenue >= 0),
    ADD CONSTRAINT companies_employees_check CHECK (employees >= 0),
    ADD CONSTRAINT companies_email_check CHECK (email = lower(email)),
    ADD CONSTRAINT companies_addresses_check CHECK (jsonb_typeof(addresses) = 'array');
-- One index for each documented order of the list, then one for the people and one for the children of a company.
CREATE INDEX companies_sort_name_idx ON companies (tenant_id, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX companies_sort_revenue_idx ON companies (tenant_id, sort_revenue, id) WHERE deleted_at IS NULL;
CREATE INDEX companies_sort_employees_idx ON companies (tenant_id, sort_employees, id) WHERE deleted_at IS NULL;
CREATE INDEX companies_created_at_idx ON companies (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX companies_updated_at_idx ON companies (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX companies_owner_id_idx ON companies (tenant_id, owner_id);
CREATE INDEX companies_search_idx ON companies USING gin (tenant_id, search gin_trgm_ops) WHERE deleted_at IS NULL;
CREATE INDEX companies_parent_id_idx ON companies (tenant_id, parent_id, sort_name, id) WHERE parent_id IS NOT NULL;
CREATE INDEX contacts_people_idx ON contacts (tenant_id, company_id, sort_name, id) WHERE deleted_at IS NULL AND company_id IS NOT NULL;

-- As find_contacts, count_contacts and find_similar_contacts: row level security would hide the trigram
-- index (LIKE is not leakproof), so these run as the schema's owner. The tenant comes from the guard's
-- setting, never from an argument. pattern is a LIKE pattern in lower case.
CREATE FUNCTION find_companies(pattern text) RETURNS SETOF companies
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT c.* FROM public.companies c
    WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.search LIKE pattern
    $$;
REVOKE EXECUTE ON FUNCTION find_companies(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_companies(text) TO payaid_app;

CREATE FUNCTION count_companies(pattern text, most bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT count(*) FROM (
        SELECT FROM public.companies c
        WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.search LIKE pattern
        LIMIT most) hits
    $$;
REVOKE EXECUTE ON FUNCTION count_companies(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION count_companies(text, bigint) TO payaid_app;

-- +goose StatementBegin
CREATE FUNCTION find_similar_companies(words text, most bigint) RETURNS SETOF companies
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    PERFORM set_config('pg_trgm.word_similarity_threshold', CASE WHEN length(words) > 8 THEN '0.6' ELSE '0.4' END, true);
    RETURN QUERY
    SELECT c.* FROM public.companies c
    JOIN (
        SELECT id, near, max(near) OVER () AS nearest FROM (
            SELECT c.id, public.word_similarity(words, c.search) AS near FROM public.companies c
            WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND words OPERATOR(public.<%) c.search
            ORDER BY near DESC, c.id LIMIT most) found
    ) n ON n.id = c.id AND n.near >= n.nearest * 0.85
    WHERE c.tenant_id = public.app_tenant();
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION find_similar_companies(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_similar_companies(text, bigint) TO payaid_app;

ALTER TABLE saved_views
    DROP CONSTRAINT saved_views_entity_check,
    ADD CONSTRAINT saved_views_entity_check CHECK (entity IN ('contacts', 'companies'));
