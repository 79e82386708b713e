-- +goose Up
-- How people come in: they sign up and make a business, or are invited into one. And what a new
-- business is tried out with.

-- The business that somebody used last is where their next sign-in begins.
ALTER TABLE memberships ADD COLUMN last_used_at timestamptz;

-- Somebody asked to sign up with an e-mail. The link is like that of password_resets; a row is made
-- for an e-mail that has an account, too, and nobody is told its link.
CREATE TABLE signups (
    id            uuid        NOT NULL,
    email         text        NOT NULL,
    token_hash    bytea       NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz,
    superseded_at timestamptz,
    CONSTRAINT signups_pkey PRIMARY KEY (id),
    CONSTRAINT signups_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX signups_email_idx ON signups (email);
CREATE INDEX signups_expires_at_idx ON signups (expires_at);

-- token_hash is NULL until the mail with the link is written, and again once another one is asked
-- for. Who invited is kept to ask, when the link is used, whether they still may.
CREATE TABLE invitations (
    tenant_id    uuid        NOT NULL,
    id           uuid        NOT NULL,
    email        text        NOT NULL,
    role         text        NOT NULL,
    team_id      uuid,
    token_hash   bytea,
    inviter_kind text        NOT NULL,
    inviter_id   uuid        NOT NULL,
    inviter_name text        NOT NULL,
    version      bigint      NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    asked_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    accepted_at  timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT invitations_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT invitations_token_hash_key UNIQUE (token_hash),
    CONSTRAINT invitations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT invitations_team_id_fkey FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id) ON DELETE SET NULL (team_id),
    CONSTRAINT invitations_email_check CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    CONSTRAINT invitations_role_check CHECK (role IN ('admin', 'manager', 'member')),
    CONSTRAINT invitations_inviter_kind_check CHECK (inviter_kind IN ('user', 'api_key'))
);
CREATE UNIQUE INDEX invitations_tenant_id_email_key ON invitations (tenant_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_tenant_id_team_id_idx ON invitations (tenant_id, team_id);
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invitations USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- A link arrives before its tenant is known: this answers the tenant of a token and no more.
CREATE FUNCTION invitation_tenant(hash bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    RETURN (SELECT tenant_id FROM public.invitations WHERE token_hash = hash);
REVOKE EXECUTE ON FUNCTION invitation_tenant(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION invitation_tenant(bytea) TO payaid_app;

-- Which records are sample data, so that they can be taken away again. A record's end elsewhere
-- leaves its row here, which then names nothing.
CREATE TABLE sample_records (
    tenant_id uuid NOT NULL,
    entity    text NOT NULL,
    record_id uuid NOT NULL,
    CONSTRAINT sample_records_pkey PRIMARY KEY (tenant_id, entity, record_id),
    CONSTRAINT sample_records_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT sample_records_entity_check CHECK (entity IN ('contact', 'company'))
);
ALTER TABLE sample_records ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sample_records USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
