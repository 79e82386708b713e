-- +goose Up
-- A saved view is a search, a filter and an order of one list under a name: its owner's, or everybody's
-- when shared. What it shows is still bound by what the viewer may see. A shared view outlives its
-- owner's membership; one that an API key made has no owner.
CREATE TABLE saved_views (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    entity     text        NOT NULL,
    name       text        NOT NULL,
    owner_id   uuid,
    shared     boolean     NOT NULL DEFAULT false,
    query      text        NOT NULL DEFAULT '',
    filter     text        NOT NULL DEFAULT '',
    sort       text        NOT NULL DEFAULT '',
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT saved_views_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT saved_views_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT saved_views_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES memberships (tenant_id, user_id) ON DELETE SET NULL (owner_id),
    CONSTRAINT saved_views_entity_check CHECK (entity IN ('contacts')),
    CONSTRAINT saved_views_name_check CHECK (length(name) BETWEEN 1 AND 60)
);
CREATE UNIQUE INDEX saved_views_tenant_id_name_key ON saved_views (tenant_id, entity, owner_id, lower(name));
ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON saved_views USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());

-- The view with which a person's list opens.
CREATE TABLE default_views (
    tenant_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    entity    text NOT NULL,
    view_id   uuid NOT NULL,
    CONSTRAINT default_views_pkey PRIMARY KEY (tenant_id, user_id, entity),
    CONSTRAINT default_views_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE,
    CONSTRAINT default_views_view_id_fkey FOREIGN KEY (tenant_id, view_id) REFERENCES saved_views (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX default_views_tenant_id_view_id_idx ON default_views (tenant_id, view_id);
ALTER TABLE default_views ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON default_views USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
