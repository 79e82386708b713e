-- +goose Up
-- search_page: one page of the living rows of a table whose search text is like the pattern, and how many
-- such rows there are, where counting stops at most. Every hit is read once and gives its id and its place
-- in the order alone; when there are as many as most, the page may lack some of them. pattern is a LIKE
-- pattern in lower case, sort a column of the table that is never null; behind_key and behind_id are the
-- place that the page begins behind, both NULL for the first page.
--
-- It serves every table that has tenant_id, id, deleted_at and search with a trigram index. As the functions
-- that came before it, it runs as the schema's owner, since row level security would hide that index; the
-- tenant comes from the guard's setting, never from an argument.
-- +goose StatementBegin
CREATE FUNCTION search_page(entity text, pattern text, sort text, descending boolean, behind_key text, behind_id uuid, size bigint, most bigint,
                            OUT ids uuid[], OUT hits bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    direction text := CASE WHEN descending THEN 'DESC' ELSE 'ASC' END;
    behind    text := '';
BEGIN
    IF behind_id IS NOT NULL THEN
        SELECT format('FILTER (WHERE (key, id) %s ($3::%s, $4))', CASE WHEN descending THEN '<' ELSE '>' END, a.atttypid::regtype) INTO STRICT behind
        FROM pg_attribute a WHERE a.attrelid = format('public.%I', entity)::regclass AND a.attname = sort;
    END IF;
    EXECUTE format('SELECT (array_agg(id ORDER BY key %3$s, id %3$s) %4$s)[1:$5], count(*)
        FROM (SELECT id, %2$I AS key FROM public.%1$I WHERE tenant_id = $1 AND deleted_at IS NULL AND search LIKE $2 LIMIT $6) hits',
        entity, sort, direction, behind)
    INTO ids, hits USING public.app_tenant(), pattern, behind_key, behind_id, size, most;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION search_page(text, text, text, boolean, text, uuid, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_page(text, text, text, boolean, text, uuid, bigint, bigint) TO payaid_app;
