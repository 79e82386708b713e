-- +goose Up
-- Every file in the object store that a row refers to, for backups: they list these files in the
-- snapshot of the dump. A migration that adds a table with references replaces the view with one
-- more SELECT. size and sha256 (lower-case hex) are NULL where the row does not keep them.
CREATE VIEW stored_objects WITH (security_invoker = true) AS
    SELECT tenant_id, blob_key AS key, NULL::bigint AS size, NULL::text AS sha256 FROM imports;
