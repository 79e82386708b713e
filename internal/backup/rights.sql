-- Everything that decides who may see and do what, as text in a fixed order. What
-- belongs to an extension is left out: its owner may differ from server to server.
WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'),
foreign_to_us AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
line (says) AS (
    SELECT format('schema %s %s', n.nspname, r.acl) FROM pg_namespace n JOIN ours USING (oid),
        LATERAL (SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE "C") AS acl FROM unnest(coalesce(n.nspacl, acldefault('n', n.nspowner))) a) r
    UNION ALL
    SELECT format('relation %s.%s %s %s %s', n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity, r.acl) FROM pg_class c JOIN ours n ON n.oid = c.relnamespace,
        LATERAL (SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE "C") AS acl FROM unnest(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) a) r
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND ('pg_class'::regclass, c.oid) NOT IN (SELECT * FROM foreign_to_us)
    UNION ALL
    SELECT format('policy %s.%s %s %s %s %s using %s check %s', schemaname, tablename, policyname, permissive, roles, cmd, qual, with_check) FROM pg_policies
    UNION ALL
    SELECT format('function %s.%s(%s) %s %s %s', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), p.prosecdef, p.proconfig, r.acl) FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace,
        LATERAL (SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE "C") AS acl FROM unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a) r
    WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT * FROM foreign_to_us)
    UNION ALL
    SELECT format('default %s %s %s %s', pg_get_userbyid(defaclrole), defaclnamespace::regnamespace, defaclobjtype, r.acl) FROM pg_default_acl,
        LATERAL (SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE "C") AS acl FROM unnest(defaclacl) a) r
)
SELECT encode(sha256(convert_to(coalesce(string_agg(says, E'\n' ORDER BY says COLLATE "C"), ''), 'UTF8')), 'hex') FROM line
