-- +goose Up
-- What people set for themselves and administrators for the business, keys that get a new secret,
-- and businesses that end.

-- theme and single_keys follow a person to every device. photo is the SHA-256 of the picture in the
-- object store, '' for none.
ALTER TABLE users
    ADD COLUMN theme       text    NOT NULL DEFAULT 'system',
    ADD COLUMN single_keys boolean NOT NULL DEFAULT true,
    ADD COLUMN photo       text    NOT NULL DEFAULT '',
    ADD CONSTRAINT users_theme_check CHECK (theme IN ('light', 'dark', 'system')),
    ADD CONSTRAINT users_photo_check CHECK (photo ~ '^([0-9a-f]{64})?$');

-- legal_name is '' where it is the name. logo is like photo. A closed business can be opened again
-- for a time counted from closed_at.
ALTER TABLE tenants
    ADD COLUMN legal_name      text     NOT NULL DEFAULT '',
    ADD COLUMN gstin           text     NOT NULL DEFAULT '',
    ADD COLUMN address_line1   text     NOT NULL DEFAULT '',
    ADD COLUMN address_line2   text     NOT NULL DEFAULT '',
    ADD COLUMN city            text     NOT NULL DEFAULT '',
    ADD COLUMN pin_code        text     NOT NULL DEFAULT '',
    ADD COLUMN state_code      text     NOT NULL DEFAULT '',
    ADD COLUMN phone           text     NOT NULL DEFAULT '',
    ADD COLUMN email           text     NOT NULL DEFAULT '',
    ADD COLUMN logo            text     NOT NULL DEFAULT '',
    ADD COLUMN fiscal_month    smallint NOT NULL DEFAULT 4,
    ADD COLUMN closed_at       timestamptz,
    DROP CONSTRAINT tenants_status_check,
    ADD CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended', 'closed')),
    ADD CONSTRAINT tenants_closed_at_check CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
    ADD CONSTRAINT tenants_logo_check CHECK (logo ~ '^([0-9a-f]{64})?$'),
    ADD CONSTRAINT tenants_fiscal_month_check CHECK (fiscal_month BETWEEN 1 AND 12);

-- A rotated key keeps its prefix, so that both secrets are found; the previous one works until
-- previous_until.
ALTER TABLE api_keys
    ADD COLUMN previous_hash  bytea,
    ADD COLUMN previous_until timestamptz,
    ADD COLUMN rotated_at     timestamptz,
    ADD COLUMN version        bigint NOT NULL DEFAULT 1,
    ADD CONSTRAINT api_keys_previous_check CHECK ((previous_hash IS NULL) = (previous_until IS NULL));
UPDATE api_keys SET version = 2 WHERE revoked_at IS NOT NULL;

-- Closing and reopening concern the installation as well. The condition must stay the one of the
-- function.
CREATE INDEX audit_entries_installation_2_idx ON audit_entries (at DESC, id DESC)
    WHERE tenant_id IS NULL OR action IN ('tenant.create', 'tenant.suspend', 'tenant.resume', 'tenant.close', 'tenant.reopen', 'job.retry', 'job.cancel');

CREATE OR REPLACE FUNCTION installation_audit(before_at timestamptz, before_id uuid, max_rows integer) RETURNS SETOF audit_entries
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT * FROM public.audit_entries
    WHERE (tenant_id IS NULL OR action IN ('tenant.create', 'tenant.suspend', 'tenant.resume', 'tenant.close', 'tenant.reopen', 'job.retry', 'job.cancel'))
      AND (at, id) < (before_at, before_id)
    ORDER BY at DESC, id DESC
    LIMIT least(max_rows, 200)
    $$;

DROP INDEX audit_entries_installation_idx;
