SELECT jsonb_build_object(
    'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'lsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
    'serverVersion', current_setting('server_version_num')::int,
    'databaseBytes', pg_database_size(d.oid),
    'encoding', pg_encoding_to_char(d.encoding),
    'provider', d.datlocprovider, 'collate', d.datcollate, 'ctype', d.datctype,
    -- The column was renamed in PostgreSQL 17.
    'locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', ''),
    'collationVersion', coalesce(d.datcollversion, ''),
    'extensions', (SELECT coalesce(jsonb_object_agg(extname, extversion), '{}') FROM pg_extension))
FROM pg_database d WHERE d.datname = current_database()
