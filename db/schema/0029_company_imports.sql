-- +goose Up
-- How an import finds the company that a row is about. The page of a company asks by the same.
CREATE INDEX IF NOT EXISTS companies_email_idx ON companies (tenant_id, email) WHERE deleted_at IS NULL AND email <> '';
CREATE INDEX IF NOT EXISTS companies_phone_idx ON companies (tenant_id, phone) WHERE deleted_at IS NULL AND phone <> '';
CREATE INDEX IF NOT EXISTS companies_gstin_idx ON companies (tenant_id, gstin) WHERE deleted_at IS NULL AND gstin <> '';
