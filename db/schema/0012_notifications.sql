-- +goose Up
-- What one person in one business is told: an import has finished, a role has changed. The title is what
-- stood then, in words; link is a path in PayAid, or empty.
CREATE TABLE notifications (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    kind       text        NOT NULL,
    title      text        NOT NULL,
    link       text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    read_at    timestamptz,
    CONSTRAINT notifications_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT notifications_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX notifications_user_id_idx ON notifications (tenant_id, user_id, created_at, id);
-- Every page shows how many are unread.
CREATE INDEX notifications_unread_idx ON notifications (tenant_id, user_id) WHERE read_at IS NULL;
CREATE INDEX notifications_created_at_idx ON notifications (created_at);
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notifications USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- Old ones go in one sweep over every tenant, which row level security would not allow; at most 10,000 a call.
CREATE FUNCTION purge_notifications(created_before timestamptz) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    WITH gone AS (
        DELETE FROM public.notifications WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM public.notifications WHERE created_at < created_before LIMIT 10000))
        RETURNING 1)
    SELECT count(*) FROM gone
    $$;
REVOKE EXECUTE ON FUNCTION purge_notifications(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_notifications(timestamptz) TO payaid_app;
