-- +goose Up
-- What the page of a contact asks for: who else has this phone or GSTIN, what lies in the trash (newest
-- first), and the history of one record, which is paged by time and id.
CREATE INDEX contacts_phone_idx ON contacts (tenant_id, phone) WHERE deleted_at IS NULL AND phone <> '';
CREATE INDEX contacts_gstin_idx ON contacts (tenant_id, gstin) WHERE deleted_at IS NULL AND gstin <> '';
CREATE INDEX contacts_deleted_at_idx ON contacts (tenant_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX audit_entries_record_idx ON audit_entries (tenant_id, entity, entity_id, at DESC, id DESC);
DROP INDEX audit_entries_tenant_id_entity_idx;
