-- +goose Up
-- What the list of contacts is searched and sorted by. company_name is the name of the living company,
-- kept here by triggers, so that one index carries the whole search and another one that order.
-- sort_… are never null, which keyset cursors need: never contacted sorts before, no follow-up after
-- everything else. search begins with a space: '% as%' finds words that begin with "as".
ALTER TABLE contacts ADD COLUMN company_name text NOT NULL DEFAULT '';
UPDATE contacts c SET company_name = o.name
FROM companies o WHERE o.tenant_id = c.tenant_id AND o.id = c.company_id AND o.deleted_at IS NULL;
ALTER TABLE contacts
    DROP COLUMN search,
    ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (lower(' ' || first_name || ' ' || last_name || ' ' || email || ' ' || phone || ' ' || company_name)) STORED,
    ADD COLUMN sort_company text NOT NULL GENERATED ALWAYS AS (lower(company_name)) STORED,
    ADD COLUMN sort_contacted timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(last_contacted_at, '-infinity')) STORED,
    ADD COLUMN sort_follow_up date NOT NULL GENERATED ALWAYS AS (coalesce(next_follow_up, 'infinity')) STORED;
CREATE INDEX contacts_search_idx ON contacts USING gin (tenant_id, search gin_trgm_ops) WHERE deleted_at IS NULL;
CREATE INDEX contacts_sort_company_idx ON contacts (tenant_id, sort_company, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_lead_score_idx ON contacts (tenant_id, lead_score, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_sort_contacted_idx ON contacts (tenant_id, sort_contacted, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_sort_follow_up_idx ON contacts (tenant_id, sort_follow_up, id) WHERE deleted_at IS NULL;

-- FOR SHARE makes a rename of the company wait for this contact, and so see it. The primary key alone
-- stands in the condition: with deleted_at in it a table without statistics is read by a wider index.
-- +goose StatementBegin
CREATE FUNCTION copy_company_name() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF NEW.company_id IS NOT NULL THEN
        SELECT CASE WHEN deleted_at IS NULL THEN name END INTO NEW.company_name
        FROM public.companies WHERE tenant_id = NEW.tenant_id AND id = NEW.company_id FOR SHARE;
    END IF;
    NEW.company_name := coalesce(CASE WHEN NEW.company_id IS NOT NULL THEN NEW.company_name END, '');
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER copy_company_name BEFORE INSERT OR UPDATE OF company_id, company_name ON contacts
    FOR EACH ROW EXECUTE FUNCTION copy_company_name();

-- +goose StatementBegin
CREATE FUNCTION spread_company_name() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    UPDATE public.contacts SET company_name = NEW.name WHERE tenant_id = NEW.tenant_id AND company_id = NEW.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER spread_company_name AFTER UPDATE OF name, deleted_at ON companies
    FOR EACH ROW WHEN (OLD.name <> NEW.name OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL))
    EXECUTE FUNCTION spread_company_name();

-- Row level security would hide the trigram index (LIKE is not leakproof), so these run as the schema's
-- owner. The tenant comes from the guard's setting, never from an argument. pattern is a LIKE pattern in
-- lower case. search_contacts, which came before them, goes once no replica asks it any more.
--
-- find_contacts: the living contacts whose search text is like the pattern.
CREATE FUNCTION find_contacts(pattern text) RETURNS SETOF contacts
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT c.* FROM public.contacts c
    WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.search LIKE pattern
    $$;
REVOKE EXECUTE ON FUNCTION find_contacts(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_contacts(text) TO payaid_app;

-- count_contacts: how many find_contacts finds, where counting stops at most.
CREATE FUNCTION count_contacts(pattern text, most bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT count(*) FROM (
        SELECT FROM public.contacts c
        WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.search LIKE pattern
        LIMIT most) hits
    $$;
REVOKE EXECUTE ON FUNCTION count_contacts(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION count_contacts(text, bigint) TO payaid_app;

-- find_similar_contacts: the living contacts that hold something like the words, mistyped: the nearest
-- and those nearly as near, at most so many. The threshold is set inside, for this transaction: a SET
-- clause would make a restore fail, which defines functions before the extension is loaded.
-- +goose StatementBegin
CREATE FUNCTION find_similar_contacts(words text, most bigint) RETURNS SETOF contacts
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    -- Of a short word, two letters in the wrong order leave four tenths; of several words one alone must not do.
    PERFORM set_config('pg_trgm.word_similarity_threshold', CASE WHEN length(words) > 8 THEN '0.6' ELSE '0.4' END, true);
    RETURN QUERY
    SELECT c.* FROM public.contacts c
    JOIN (
        SELECT id, near, max(near) OVER () AS nearest FROM (
            SELECT c.id, public.word_similarity(words, c.search) AS near FROM public.contacts c
            WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND words OPERATOR(public.<%) c.search
            ORDER BY near DESC, c.id LIMIT most) found
    ) n ON n.id = c.id AND n.near >= n.nearest * 0.85
    WHERE c.tenant_id = public.app_tenant();
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION find_similar_contacts(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_similar_contacts(text, bigint) TO payaid_app;
