-- +goose Up
-- Optimistic concurrency for what administrators change, and the filters of the audit log.
ALTER TABLE memberships ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE teams ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- What one person or key did, and each occurrence of one action, newest first.
CREATE INDEX audit_entries_tenant_id_actor_id_idx ON audit_entries (tenant_id, actor_id, at DESC, id DESC);
CREATE INDEX audit_entries_tenant_id_action_idx ON audit_entries (tenant_id, action, at DESC, id DESC);
