package backup

import (
	"context"
	_ "embed" // the longer queries
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

var (
	//go:embed facts.sql
	factsQuery string
	//go:embed rights.sql
	rightsQuery string
)

// digestSettings make a row's text the same on every server. search_path is empty
// so that no name in it depends on who asks.
var digestSettings = map[string]string{
	"application_name": "payaid-backup", "search_path": "", "timezone": "UTC", "datestyle": "ISO, YMD", "intervalstyle": "postgres",
	"bytea_output": "hex", "extra_float_digits": "1", "statement_timeout": "0", "lock_timeout": "30s", "idle_in_transaction_session_timeout": "0",
	"jit": "off",
}

// connect opens a connection on which digests can be compared.
func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("address of the database: %w", err)
	}
	for k, v := range digestSettings {
		cfg.RuntimeParams[k] = v
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect as %s: %w", cfg.User, err)
	}
	return conn, nil
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// snapshot is one moment of the database that pg_dump and our own queries share.
type snapshot struct {
	conn *pgx.Conn
	tx   pgx.Tx
	id   string // for pg_dump --snapshot
}

func takeSnapshot(ctx context.Context, conn *pgx.Conn) (*snapshot, error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("begin the snapshot: %w", err)
	}
	s := &snapshot{conn: conn, tx: tx}
	if err := tx.QueryRow(ctx, "SELECT pg_export_snapshot()").Scan(&s.id); err != nil {
		return nil, fmt.Errorf("export the snapshot: %w", err)
	}
	return s, nil
}

// readFacts describes the database.
func readFacts(ctx context.Context, q querier) (Facts, error) {
	var f Facts
	var raw []byte
	if err := q.QueryRow(ctx, factsQuery).Scan(&raw); err != nil {
		return Facts{}, fmt.Errorf("describe the database: %w", err)
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return Facts{}, fmt.Errorf("describe the database: %w", err)
	}
	var err error
	if f.Schema, err = schemaVersion(ctx, q); err != nil {
		return Facts{}, err
	}
	if f.Rights, err = rightsDigest(ctx, q); err != nil {
		return Facts{}, err
	}
	return f, nil
}

// schemaVersion is the version of the last migration. A database that is not
// PayAid's is refused.
func schemaVersion(ctx context.Context, q querier) (int64, error) {
	var ours bool
	err := q.QueryRow(ctx, `SELECT to_regclass('public.goose_db_version') IS NOT NULL AND to_regclass('public.tenants') IS NOT NULL AND to_regclass('river.river_job') IS NOT NULL`).Scan(&ours)
	if err != nil {
		return 0, fmt.Errorf("look at the schema: %w", err)
	}
	if !ours {
		return 0, errForeign
	}
	var version int64
	if err := q.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM public.goose_db_version WHERE is_applied").Scan(&version); err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return version, nil
}

// ourTables tell a backup of PayAid from one of another application.
var ourTables = []string{"public.goose_db_version", "public.tenants", "river.river_job"}

var errForeign = errors.New("this is no database of PayAid: it lacks PayAid's tables and migrations")

func rightsDigest(ctx context.Context, q querier) (string, error) {
	var digest string
	if err := q.QueryRow(ctx, rightsQuery).Scan(&digest); err != nil {
		return "", fmt.Errorf("read the rights: %w", err)
	}
	return digest, nil
}

// readTables counts and digests every table. The order of rows does not matter to
// the digest, the content of each does.
func readTables(ctx context.Context, q querier) (map[string]Table, error) {
	rows, err := q.Query(ctx, `
		SELECT n.nspname, c.relname, c.relpersistence = 'u' AND pg_is_in_recovery() FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
		  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		ORDER BY 1, 2`)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	type name struct {
		Schema, Table string
		Lost          bool // unlogged: it is not in the write-ahead log, pg_dump leaves it empty
	}
	names, err := pgx.CollectRows(rows, pgx.RowToStructByPos[name])
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	out := map[string]Table{}
	for _, n := range names {
		t := Table{Digest: "0"}
		if n.Lost {
			out[n.Schema+"."+n.Table] = t
			continue
		}
		// The alias is no column's name, so that it means the whole row.
		sql := "SELECT count(*), coalesce(sum(hashtextextended(whole_row_of_payaid::text, 0)::numeric), 0)::text FROM ONLY " +
			pgx.Identifier{n.Schema, n.Table}.Sanitize() + " AS whole_row_of_payaid"
		if err := q.QueryRow(ctx, sql).Scan(&t.Rows, &t.Digest); err != nil {
			return nil, fmt.Errorf("digest %s.%s: %w", n.Schema, n.Table, err)
		}
		out[n.Schema+"."+n.Table] = t
	}
	return out, nil
}
