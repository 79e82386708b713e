-- +goose Up
-- Companies and the people who work there. Unique rules hold among the living: the trash keeps its
-- values without blocking anybody.
CREATE TABLE companies (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    owner_id   uuid,
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT companies_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT companies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT companies_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES memberships (tenant_id, user_id) ON DELETE SET NULL (owner_id),
    CONSTRAINT companies_name_check CHECK (length(name) BETWEEN 1 AND 200)
);
CREATE UNIQUE INDEX companies_tenant_id_name_key ON companies (tenant_id, lower(name)) WHERE deleted_at IS NULL;
CREATE INDEX companies_name_trgm_idx ON companies USING gin (tenant_id, lower(name) gin_trgm_ops) WHERE deleted_at IS NULL;
ALTER TABLE companies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON companies USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- email is in lower case, phone in E.164; '' means unknown. name is what lists show: the person's
-- name, else the e-mail, else the phone. sort_name is what they sort by: a column and not an
-- expression, because lower() is not leakproof and row level security keeps a condition on it out
-- of the index.
CREATE TABLE contacts (
    tenant_id         uuid        NOT NULL,
    id                uuid        NOT NULL,
    first_name        text        NOT NULL DEFAULT '',
    last_name         text        NOT NULL DEFAULT '',
    name              text        NOT NULL GENERATED ALWAYS AS (coalesce(nullif(btrim(first_name || ' ' || last_name), ''), nullif(email, ''), phone)) STORED,
    sort_name         text        NOT NULL GENERATED ALWAYS AS (lower(coalesce(nullif(btrim(first_name || ' ' || last_name), ''), nullif(email, ''), phone))) STORED,
    email             text        NOT NULL DEFAULT '',
    phone             text        NOT NULL DEFAULT '',
    company_id        uuid,
    job_title         text        NOT NULL DEFAULT '',
    source            text        NOT NULL DEFAULT '',
    address           text        NOT NULL DEFAULT '',
    gstin             text        NOT NULL DEFAULT '',
    notes             text        NOT NULL DEFAULT '',
    tags              text[]      NOT NULL DEFAULT '{}',
    stage             text        NOT NULL DEFAULT 'prospect',
    status            text        NOT NULL DEFAULT 'active',
    warmth            text        NOT NULL DEFAULT 'cold',
    lead_score        integer     NOT NULL DEFAULT 0,
    last_contacted_at timestamptz,
    next_follow_up    date,
    owner_id          uuid,
    version           bigint      NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    deleted_at        timestamptz,
    search            text        NOT NULL GENERATED ALWAYS AS (lower(first_name || ' ' || last_name || ' ' || email || ' ' || phone)) STORED,
    CONSTRAINT contacts_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT contacts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT contacts_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id),
    CONSTRAINT contacts_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES memberships (tenant_id, user_id) ON DELETE SET NULL (owner_id),
    CONSTRAINT contacts_name_check CHECK (name <> ''),
    CONSTRAINT contacts_email_check CHECK (email = lower(email)),
    CONSTRAINT contacts_stage_check CHECK (stage IN ('prospect', 'contact', 'customer')),
    CONSTRAINT contacts_status_check CHECK (status IN ('active', 'inactive', 'lost')),
    CONSTRAINT contacts_warmth_check CHECK (warmth IN ('cold', 'warm', 'hot')),
    CONSTRAINT contacts_lead_score_check CHECK (lead_score BETWEEN 0 AND 100)
);
CREATE UNIQUE INDEX contacts_tenant_id_email_key ON contacts (tenant_id, email) WHERE deleted_at IS NULL AND email <> '';
-- One index for each documented order of the list, all ending in id so that keyset cursors are exact.
CREATE INDEX contacts_sort_name_idx ON contacts (tenant_id, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_email_idx ON contacts (tenant_id, email, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_created_at_idx ON contacts (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_updated_at_idx ON contacts (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_company_id_idx ON contacts (tenant_id, company_id) WHERE company_id IS NOT NULL;
CREATE INDEX contacts_owner_id_idx ON contacts (tenant_id, owner_id);
CREATE INDEX contacts_search_idx ON contacts USING gin (tenant_id, search gin_trgm_ops) WHERE deleted_at IS NULL;
ALTER TABLE contacts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON contacts USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- Row level security would hide the trigram indexes (LIKE is not leakproof), so the search runs as
-- the schema's owner. The tenant comes from the guard's setting, never from an argument. pattern is
-- a LIKE pattern in lower case. At most 10,001 ids, which tells that there are more than
-- 10,000: nobody pages further through a search.
CREATE FUNCTION search_contacts(pattern text) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT id FROM (
        SELECT c.id FROM public.contacts c
        WHERE c.tenant_id = public.app_tenant() AND c.deleted_at IS NULL AND c.search LIKE pattern
        UNION
        SELECT c.id FROM public.companies o
        JOIN public.contacts c ON c.tenant_id = o.tenant_id AND c.company_id = o.id AND c.deleted_at IS NULL
        WHERE o.tenant_id = public.app_tenant() AND o.deleted_at IS NULL AND lower(o.name) LIKE pattern
    ) hits LIMIT 10001
    $$;
REVOKE EXECUTE ON FUNCTION search_contacts(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_contacts(text) TO payaid_app;
