package backup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"payaid/db"
)

// scratch is a database that a drill or a restore loads. It lies beside the
// application's own or on the server that was configured for drills.
type scratch struct {
	admin *pgx.Conn // as payaid_owner, in another database of the server
	where string    // the server, for people
	name  string
	owner string // its URLs
	app   string
	// elsewhere tells that it lies on a server of its own, whose disk is not the live
	// database's.
	elsewhere bool
}

// openScratchServer connects to where drills are made. Copies that drills of
// killed processes left there are dropped: the caller holds the lock for backups.
func (s *Service) openScratchServer(ctx context.Context) (*scratch, error) {
	server := s.o.DrillURL
	if server == "" {
		server = s.o.OwnerURL
	}
	if server == "" {
		return nil, fmt.Errorf("%w: a drill restores into a database of its own: name the owner in PAYAID_DATABASE_OWNER_URL, or another server in PAYAID_BACKUP_DRILL_URL", ErrRefused)
	}
	name, err := databaseName(server)
	if err != nil {
		return nil, err
	}
	sc, err := s.newScratch(server, scratchPrefix(name)+randomSuffix(), "the server for drills")
	if err != nil {
		return nil, err
	}
	sc.elsewhere = s.o.DrillURL != ""
	if sc.admin, err = connect(ctx, server); err != nil {
		return nil, err
	}
	if err := sc.sweep(ctx, scratchPrefix(name)); err != nil {
		_ = sc.admin.Close(ctx)
		return nil, err
	}
	return sc, nil
}

func (s *Service) newScratch(server, name, where string) (_ *scratch, err error) {
	sc := &scratch{name: name, where: where}
	if sc.owner, err = withDatabase(server, sc.name); err != nil {
		return nil, err
	}
	sc.app, err = onServer(s.o.AppURL, sc.owner)
	return sc, err
}

func randomSuffix() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return hex.EncodeToString(b[:])
}

func (sc *scratch) sweep(ctx context.Context, prefix string) error {
	rows, err := sc.admin.Query(ctx, "SELECT datname FROM pg_database WHERE starts_with(datname, $1) AND pg_get_userbyid(datdba) = current_user", prefix)
	if err != nil {
		return fmt.Errorf("look for copies of earlier drills: %w", err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for copies of earlier drills: %w", err)
	}
	for _, name := range left {
		if err := sc.drop(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// ready refuses a server on which the backup cannot be restored as it was.
func (sc *scratch) ready(ctx context.Context, m Manifest) (major int, err error) {
	if major, err = serverMajor(ctx, sc.admin); err != nil {
		return 0, err
	}
	if from := m.Snapshot.ServerVersion / 10000; major < from {
		return 0, fmt.Errorf("%w: the backup was made on PostgreSQL %d and %s is PostgreSQL %d: it must not be older", ErrRefused, from, sc.where, major)
	}
	for _, role := range []string{db.RoleOwner, db.RoleApp, db.RoleBackup} {
		var exists bool
		if err := sc.admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role).Scan(&exists); err != nil {
			return 0, fmt.Errorf("look for the role %s: %w", role, err)
		}
		if !exists {
			return 0, fmt.Errorf("%w: %s lacks the role %s: make the three roles there as on the first one", ErrRefused, sc.where, role)
		}
	}
	for name := range m.Snapshot.Extensions {
		var available bool
		if err := sc.admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1)", name).Scan(&available); err != nil {
			return 0, fmt.Errorf("look for the extension %s: %w", name, err)
		}
		if !available {
			return 0, fmt.Errorf("%w: %s lacks the extension %s (postgresql-contrib)", ErrRefused, sc.where, name)
		}
	}
	return major, nil
}

// create makes the empty copy with the encoding and collation of the original.
func (sc *scratch) create(ctx context.Context, f Facts) error {
	sql := "CREATE DATABASE " + pgx.Identifier{sc.name}.Sanitize() + " TEMPLATE template0 ENCODING " + literal(f.Encoding) +
		" LC_COLLATE " + literal(f.Collate) + " LC_CTYPE " + literal(f.CType)
	switch f.Provider {
	case "i":
		sql += " LOCALE_PROVIDER icu ICU_LOCALE " + literal(f.Locale)
	case "b":
		sql += " LOCALE_PROVIDER builtin BUILTIN_LOCALE " + literal(f.Locale)
	}
	if _, err := sc.admin.Exec(ctx, sql); err != nil {
		return fmt.Errorf("make the database of the copy: %w", err)
	}
	return nil
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// close drops the copy.
func (sc *scratch) close(ctx context.Context) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	defer func() { _ = sc.admin.Close(ctx) }()
	return sc.drop(ctx, sc.name)
}

// drop ends what is left of a killed drill. WITH (FORCE) would be refused while a
// connection of payaid_app is still closing; without it the server waits for that.
func (sc *scratch) drop(ctx context.Context, name string) error {
	_, err := sc.admin.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = current_user", name)
	if err == nil {
		_, err = sc.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("drop the copy %s: %w", name, err)
	}
	return nil
}
