package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
)

// source returns an archive of the tenant in the schema of this program: the one
// that id names, or one that is taken out of the backup or the older archive that
// id names. That goes by way of a scratch database; the running system is not
// touched.
func (s *Service) source(ctx context.Context, j *job, id uuid.UUID, who tenantIdentity) (TenantArchive, error) {
	b, err := s.Get(ctx, id)
	if err == nil {
		return s.extract(ctx, j, b, who)
	}
	if !errors.Is(err, ErrNotFound) {
		return TenantArchive{}, err
	}
	a, err := s.TenantArchive(ctx, id)
	if err != nil {
		return TenantArchive{}, err
	}
	if a.TenantID != who.ID {
		return TenantArchive{}, fmt.Errorf("%w: this is an archive of %s (%s), not of %s (%s)", ErrRefused, a.Name, a.Slug, who.Name, who.Slug)
	}
	latest, err := db.LatestVersion()
	switch {
	case err != nil:
		return TenantArchive{}, err
	case a.Schema > latest:
		return TenantArchive{}, fmt.Errorf("%w: the archive has schema version %d and was made by PayAid %s, this program knows %d: use that version or a newer one", ErrRefused, a.Schema, a.AppVersion, latest)
	case a.Schema < latest:
		return s.renew(ctx, j, a, latest)
	}
	return a, nil
}

// extract restores a backup into a scratch database, migrates it and takes the
// tenant out of it.
func (s *Service) extract(ctx context.Context, j *job, b Backup, who tenantIdentity) (TenantArchive, error) {
	keys, err := s.identitiesFor(b)
	if err != nil {
		return TenantArchive{}, err
	}
	if err := knowsSchema(b.Manifest); err != nil {
		return TenantArchive{}, err
	}
	return s.inScratch(ctx, j, b.Manifest, who, TenantArchive{Kind: Source, From: b.ID, At: b.Snapshot.At, Recipients: b.Recipients}, func(sc *scratch, major int) error {
		restore, err := findProgram(ctx, s.o.ProgramDirs, "pg_restore", major)
		if err != nil {
			return err
		}
		if err := j.say(ctx, "loading the backup of %s into %s", b.Snapshot.At.Format(time.RFC3339), sc.name); err != nil {
			return err
		}
		if err := s.load(ctx, restore, b, keys, sc); err != nil {
			return err
		}
		return compareCopy(ctx, sc.owner, b.Manifest)
	})
}

// inScratch makes a scratch database like m says, lets fill fill it, migrates it and
// exports the tenant from it.
func (s *Service) inScratch(ctx context.Context, j *job, m Manifest, who tenantIdentity, a TenantArchive, fill func(sc *scratch, major int) error) (_ TenantArchive, err error) {
	sc, err := s.openScratchServer(ctx)
	if err != nil {
		return TenantArchive{}, err
	}
	defer func() {
		if cerr := sc.close(ctx); cerr != nil {
			s.o.Log.WarnContext(ctx, "the next drill drops it", "err", cerr)
		}
	}()
	major, err := sc.ready(ctx, m)
	if err != nil {
		return TenantArchive{}, err
	}
	if err := sc.create(ctx, m.Snapshot); err != nil {
		return TenantArchive{}, err
	}
	if err := fill(sc, major); err != nil {
		return TenantArchive{}, err
	}
	if err := migrateCopy(ctx, sc.owner); err != nil {
		return TenantArchive{}, err
	}
	conn, err := connect(ctx, sc.owner)
	if err != nil {
		return TenantArchive{}, err
	}
	defer func() { _ = conn.Close(ctx) }()
	slug, err := slugThen(ctx, conn, who)
	if err != nil {
		return TenantArchive{}, err
	}
	return s.archive(ctx, j, conn, slug, a)
}

// slugThen is the tenant's short name in the copy: it may have another one by now.
func slugThen(ctx context.Context, conn *pgx.Conn, who tenantIdentity) (string, error) {
	var slug string
	err := conn.QueryRow(ctx, "SELECT slug FROM public.tenants WHERE id = $1", who.ID).Scan(&slug)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("%w: %s (%s) was not there when the backup was made", ErrRefused, who.Name, who.Slug)
	}
	if err != nil {
		return "", fmt.Errorf("look for the business in the copy: %w", err)
	}
	return slug, nil
}

// renew loads an archive of an older schema into a scratch database of that schema,
// migrates it, and exports the tenant again.
func (s *Service) renew(ctx context.Context, j *job, old TenantArchive, latest int64) (TenantArchive, error) {
	live, err := connect(ctx, s.o.BackupURL)
	if err != nil {
		return TenantArchive{}, err
	}
	facts, err := readFacts(ctx, live)
	_ = live.Close(ctx) // it has answered
	if err != nil {
		return TenantArchive{}, err
	}
	who := tenantIdentity{ID: old.TenantID, Slug: old.Slug, Name: old.Name}
	a := TenantArchive{Kind: Source, From: old.ID, At: old.At, Recipients: old.Recipients}
	return s.inScratch(ctx, j, Manifest{Snapshot: facts}, who, a, func(sc *scratch, _ int) error {
		if err := j.say(ctx, "bringing the archive from schema version %d to %d in %s", old.Schema, latest, sc.name); err != nil {
			return err
		}
		m, err := db.OpenMigrator(ctx, sc.owner)
		if err != nil {
			return err
		}
		if err := errors.Join(m.UpTo(ctx, old.Schema), m.Close()); err != nil {
			return err
		}
		return s.refill(ctx, old, sc)
	})
}

// refill writes the rows of an archive into an empty scratch database of the same
// schema.
func (s *Service) refill(ctx context.Context, a TenantArchive, sc *scratch) error {
	conn, err := connect(ctx, sc.owner)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	tables, err := readTenantTables(ctx, conn)
	if err != nil {
		return err
	}
	// A business that is added begins with a pipeline; this one brings its own.
	if _, err := conn.Exec(ctx, "ALTER TABLE public.tenants DISABLE TRIGGER USER"); err != nil {
		return fmt.Errorf("prepare %s for the archive: %w", sc.name, err)
	}
	fill := map[string]string{"users": refillUsers}
	for _, t := range tables {
		fill[t.name] = t.refill()
	}
	return s.readArchive(ctx, a, func(r *archiveReader) error {
		for _, name := range a.Order {
			if fill[name] == "" {
				return fmt.Errorf("the archive has the table %s, which schema version %d has not", name, a.Schema)
			}
			if err := refillTable(ctx, conn, r, name, fill[name]); err != nil {
				return fmt.Errorf("load %s of the archive: %w", name, err)
			}
		}
		return nil
	})
}

func refillTable(ctx context.Context, conn *pgx.Conn, r *archiveReader, name, sql string) error {
	var rows [][]byte
	for {
		row, more, err := nextOf(r, name)
		if err != nil {
			return err
		}
		if more {
			rows = append(rows, row.Row)
		}
		if len(rows) == rowSlice || !more && len(rows) > 0 {
			if _, err := conn.Exec(ctx, sql, rowsOf(rows)); err != nil {
				return err
			}
			rows = rows[:0]
		}
		if !more {
			return nil
		}
	}
}

// refillUsers makes the people of an archive, who cannot sign in anywhere.
const refillUsers = `INSERT INTO public.users (id, email, name, password_hash, sessions_valid_after, created_at, updated_at)
	SELECT r.id, r.email, r.name, '', now(), now(), now() FROM jsonb_populate_recordset(NULL::public.users, $1::jsonb) r`

// refill is the statement that inserts rows of the table, with something random in
// the place of each secret that must be there.
func (t *tenantTable) refill() string {
	var columns, values []string
	for _, c := range t.columns {
		hidden := false
		for _, secret := range t.rule.secrets {
			hidden = hidden || secret == c.Name
		}
		if c.Generated || hidden && !c.Required {
			continue
		}
		value := "r." + quote(c.Name)
		if hidden {
			value = map[string]string{"bytea": "uuid_send(gen_random_uuid())"}[c.Type]
			if value == "" {
				value = "gen_random_uuid()::text"
			}
		}
		columns, values = append(columns, quote(c.Name)), append(values, value)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM jsonb_populate_recordset(NULL::%s, $1::jsonb) r",
		t.identifier(), strings.Join(columns, ", "), strings.Join(values, ", "), t.identifier())
}

// rowsOf makes one JSON array of rows.
func rowsOf(rows [][]byte) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, r := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(r)
	}
	b.WriteByte(']')
	return b.String()
}
