-- +goose Up
-- Who works here: businesses (tenants), people (users), who belongs where with which role
-- (memberships), teams, and the keys of programs. Run as payaid_owner.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

GRANT USAGE ON SCHEMA public TO payaid_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO payaid_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO payaid_app;
GRANT SELECT ON goose_db_version TO payaid_app;

-- The tenant of the running transaction, set by db's tenant guard; NULL without one. After a
-- first use the setting is '' and not NULL, hence nullif.
CREATE FUNCTION app_tenant() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.tenant_id', true), '')::uuid;

CREATE TABLE tenants (
    id         uuid        NOT NULL,
    slug       text        NOT NULL,
    name       text        NOT NULL,
    status     text        NOT NULL DEFAULT 'active',
    time_zone  text        NOT NULL DEFAULT 'Asia/Kolkata',
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (id),
    CONSTRAINT tenants_slug_key UNIQUE (slug),
    CONSTRAINT tenants_slug_check CHECK (slug ~ '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT tenants_name_check CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended'))
);

-- email is stored in lower case. A session made before sessions_valid_after is void, also when
-- Redis brings an old one back.
CREATE TABLE users (
    id                   uuid        NOT NULL,
    email                text        NOT NULL,
    name                 text        NOT NULL,
    password_hash        text        NOT NULL,
    platform_admin       boolean     NOT NULL DEFAULT false,
    sessions_valid_after timestamptz NOT NULL,
    disabled_at          timestamptz,
    last_login_at        timestamptz,
    version              bigint      NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_email_check CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    CONSTRAINT users_name_check CHECK (length(name) BETWEEN 1 AND 200)
);

CREATE TABLE teams (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT teams_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT teams_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT teams_name_check CHECK (length(name) BETWEEN 1 AND 100)
);
CREATE UNIQUE INDEX teams_tenant_id_name_key ON teams (tenant_id, lower(name));
ALTER TABLE teams ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON teams USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- view_scopes narrows or widens what a person sees, per entity: {"contacts": "own"}.
CREATE TABLE memberships (
    tenant_id   uuid        NOT NULL,
    user_id     uuid        NOT NULL,
    role        text        NOT NULL,
    team_id     uuid,
    view_scopes jsonb       NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT memberships_pkey PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT memberships_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT memberships_team_id_fkey FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id) ON DELETE SET NULL (team_id),
    CONSTRAINT memberships_role_check CHECK (role IN ('owner', 'admin', 'manager', 'member'))
);
CREATE INDEX memberships_user_id_idx ON memberships (user_id);
CREATE INDEX memberships_tenant_id_team_id_idx ON memberships (tenant_id, team_id);

-- A key is shown once; kept are its public prefix and the SHA-256 of the whole.
CREATE TABLE api_keys (
    tenant_id    uuid        NOT NULL,
    id           uuid        NOT NULL,
    name         text        NOT NULL,
    prefix       text        NOT NULL,
    secret_hash  bytea       NOT NULL,
    role         text        NOT NULL,
    scopes       text[]      NOT NULL DEFAULT '{}',
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    created_at   timestamptz NOT NULL,
    CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT api_keys_prefix_key UNIQUE (prefix),
    CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT api_keys_name_check CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT api_keys_role_check CHECK (role IN ('admin', 'manager', 'member'))
);
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_keys USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- A key arrives before its tenant is known: this answers the tenant of a prefix and no more.
CREATE FUNCTION api_key_tenant(key_prefix text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    RETURN (SELECT tenant_id FROM public.api_keys WHERE prefix = key_prefix);
REVOKE EXECUTE ON FUNCTION api_key_tenant(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api_key_tenant(text) TO payaid_app;
