-- +goose Up
-- Photos of people and logos of businesses are files of the object store as well: a backup lists
-- them, so that none is collected while a kept backup refers to it. Their names are made from their
-- checksums.
CREATE OR REPLACE VIEW stored_objects WITH (security_invoker = true) AS
    SELECT tenant_id, blob_key AS key, NULL::bigint AS size, NULL::text AS sha256 FROM imports
    UNION ALL
    SELECT tenant_id, blob_key, size, sha256 FROM import_drafts
    UNION ALL
    SELECT NULL, 'u/' || id || '/photo/' || photo || '.jpg', NULL, photo FROM users WHERE photo <> ''
    UNION ALL
    SELECT id, 't/' || id || '/logo/' || logo || '.png', NULL, logo FROM tenants WHERE logo <> '';
