-- +goose Up
-- Every business begins with one pipeline. A trigger gives it to new ones, so that those also get it
-- that a replica of the version before makes meanwhile; it runs as the schema's owner because the list
-- of tenants is written before anybody belongs to the new one.
-- +goose StatementBegin
CREATE FUNCTION add_default_pipeline() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    pipeline uuid := gen_random_uuid();
BEGIN
    INSERT INTO public.pipelines (tenant_id, id, name, position, created_at, updated_at)
    VALUES (NEW.id, pipeline, 'Sales', 1, NEW.created_at, NEW.created_at);
    INSERT INTO public.stages (tenant_id, id, pipeline_id, name, kind, probability, rot_days, position, created_at, updated_at)
    SELECT NEW.id, gen_random_uuid(), pipeline, s.name, s.kind, s.probability, s.rot_days, s.position, NEW.created_at, NEW.created_at
    FROM (VALUES ('Lead', 'open', 10, 21, 1), ('Qualified', 'open', 30, 10, 2), ('Proposal', 'open', 50, 14, 3),
                 ('Negotiation', 'open', 80, 7, 4), ('Won', 'won', 100, 0, 5), ('Lost', 'lost', 0, 0, 6)) s (name, kind, probability, rot_days, position);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION add_default_pipeline() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION add_default_pipeline() TO payaid_app;
CREATE TRIGGER tenants_default_pipeline AFTER INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION add_default_pipeline();

-- The businesses that are here already.
WITH made AS (
    INSERT INTO pipelines (tenant_id, id, name, position, created_at, updated_at)
    SELECT id, gen_random_uuid(), 'Sales', 1, now(), now() FROM tenants
    RETURNING tenant_id, id)
INSERT INTO stages (tenant_id, id, pipeline_id, name, kind, probability, rot_days, position, created_at, updated_at)
SELECT m.tenant_id, gen_random_uuid(), m.id, s.name, s.kind, s.probability, s.rot_days, s.position, now(), now()
FROM made m CROSS JOIN (VALUES ('Lead', 'open', 10, 21, 1), ('Qualified', 'open', 30, 10, 2), ('Proposal', 'open', 50, 14, 3),
                               ('Negotiation', 'open', 80, 7, 4), ('Won', 'won', 100, 0, 5), ('Lost', 'lost', 0, 0, 6)) s (name, kind, probability, rot_days, position);
