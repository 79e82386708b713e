-- +goose Up
-- What the page of a company asks for: who else is known by the same, and what lies in the trash (newest first).
-- site is the website as two companies would have it in common: without scheme, www. and what stands behind the
-- path. The path stays: many small businesses have no more than a page at an address that thousands share.
ALTER TABLE companies ADD COLUMN site text NOT NULL GENERATED ALWAYS AS
    (rtrim(regexp_replace(regexp_replace(lower(website), '^[a-z0-9+.-]*://(www\.)?', ''), '[?#].*$', ''), '/')) STORED;
CREATE INDEX companies_email_idx ON companies (tenant_id, email) WHERE deleted_at IS NULL AND email <> '';
CREATE INDEX companies_phone_idx ON companies (tenant_id, phone) WHERE deleted_at IS NULL AND phone <> '';
CREATE INDEX companies_gstin_idx ON companies (tenant_id, gstin) WHERE deleted_at IS NULL AND gstin <> '';
CREATE INDEX companies_site_idx ON companies (tenant_id, site) WHERE deleted_at IS NULL AND site <> '';
CREATE INDEX companies_deleted_at_idx ON companies (tenant_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
