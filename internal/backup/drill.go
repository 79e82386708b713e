package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"payaid/db"
)

// Drill restores a backup into a scratch database, compares every table and every
// right with what was dumped, migrates the copy, asks it as the application would,
// looks for the files it refers to, and drops it. The result is kept beside the
// backup. ErrRefused and ErrWrongKey come before any work and leave no result.
func (s *Service) Drill(ctx context.Context, id uuid.UUID) (Backup, error) {
	j, err := s.begin(ctx, "drill", "")
	if err != nil {
		return Backup{}, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	b, err := s.drill(ctx, j, id)
	err = ended(ctx, err)
	j.end(ctx, id, err)
	return b, err
}

func (s *Service) drill(ctx context.Context, j *job, id uuid.UUID) (Backup, error) {
	b, err := s.Get(ctx, id)
	if err != nil {
		return Backup{}, err
	}
	keys, err := s.identitiesFor(b)
	if err != nil {
		return Backup{}, err
	}
	if err := knowsSchema(b.Manifest); err != nil {
		return Backup{}, err
	}
	sc, err := s.openScratchServer(ctx)
	if err != nil {
		return Backup{}, err
	}
	begun := s.now()
	restore, proven := s.restoreScratch(ctx, j, b, keys, sc)
	if err := sc.close(ctx); err != nil {
		s.o.Log.WarnContext(ctx, "the next drill drops it", "err", err)
	}
	if errors.Is(proven, ErrRefused) || ctx.Err() != nil {
		return Backup{}, proven // neither says anything about the backup
	}
	b.Drill = s.proof(begun, proven)
	b.Drill.Restore = restore
	for _, t := range b.Tables {
		b.Drill.Rows += t.Rows
	}
	if err := s.write(ctx, id, drillName, b.Drill); proven == nil {
		proven = err
	}
	return b, proven
}

// knowsSchema refuses a backup of a newer PayAid: this one would drop what it does
// not know.
func knowsSchema(m Manifest) error {
	latest, err := db.LatestVersion()
	if err != nil {
		return err
	}
	if m.Snapshot.Schema > latest {
		return fmt.Errorf("%w: the backup has schema version %d and was made by PayAid %s, this program knows %d: use that version or a newer one", ErrRefused, m.Snapshot.Schema, m.AppVersion, latest)
	}
	return nil
}

// restoreScratch is the drill itself. It returns how long loading the data took.
func (s *Service) restoreScratch(ctx context.Context, j *job, b Backup, keys []age.Identity, sc *scratch) (time.Duration, error) {
	took, err := s.loadCopy(ctx, j, b, keys, sc)
	if err != nil {
		return 0, err
	}
	if err := j.say(ctx, "restored in %s, comparing %d tables", took.Round(time.Millisecond), len(b.Tables)); err != nil {
		return 0, err
	}
	if says, err := otherCollation(ctx, sc, b.Manifest); err != nil {
		return 0, err
	} else if says != "" {
		if err := j.say(ctx, "%s", says); err != nil {
			return 0, err
		}
	}
	if err := compareCopy(ctx, sc.owner, b.Manifest); err != nil {
		return 0, err
	}
	if err := j.say(ctx, "every table and right is as it was; migrating the copy and asking it as the application"); err != nil {
		return 0, err
	}
	if err := migrateCopy(ctx, sc.owner); err != nil {
		return 0, err
	}
	if err := smoke(ctx, sc); err != nil {
		return 0, err
	}
	if err := j.say(ctx, "looking for %d files", b.Files.Count); err != nil {
		return 0, err
	}
	return took, s.checkObjects(ctx, b, keys)
}

// loadCopy makes the empty copy and loads it. It returns how long loading took.
func (s *Service) loadCopy(ctx context.Context, j *job, b Backup, keys []age.Identity, sc *scratch) (time.Duration, error) {
	major, err := sc.ready(ctx, b.Manifest)
	if err != nil {
		return 0, err
	}
	restore, err := findProgram(ctx, s.o.ProgramDirs, "pg_restore", major)
	if err != nil {
		return 0, err
	}
	if !sc.elsewhere {
		if _, err := s.checkRoom(ctx, j, b.Manifest); err != nil {
			return 0, err
		}
	}
	if err := sc.create(ctx, b.Snapshot); err != nil {
		return 0, err
	}
	if err := j.say(ctx, "restoring %d bytes into %s", b.DumpBytes, sc.name); err != nil {
		return 0, err
	}
	begun := s.now()
	err = s.load(ctx, restore, b, keys, sc)
	return s.now().Sub(begun), err
}

// load streams the dump into pg_restore. Rights are restored with it: the
// migrations took some away (the audit log cannot be changed, functions that run
// as the owner are not for everybody), and without them everybody had them again.
func (s *Service) load(ctx context.Context, restore program, b Backup, keys []age.Identity, sc *scratch) error {
	return s.retrieve(ctx, b.ID, dumpName, b.Dump, keys, func(r io.Reader) error {
		_, err := restore.run(ctx, sc.owner, r, nil, "--exit-on-error", "--no-owner", "--no-comments", "--format=custom")
		return err
	})
}

// compareCopy compares the copy with what the manifest says of the original. It
// comes before any migration.
func compareCopy(ctx context.Context, url string, m Manifest) error {
	conn, err := connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "ANALYZE"); err != nil {
		return fmt.Errorf("analyze the copy: %w", err)
	}
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return err
	}
	if version != m.Snapshot.Schema {
		return fmt.Errorf("the copy has schema version %d, the manifest says %d", version, m.Snapshot.Schema)
	}
	tables, err := readTables(ctx, conn)
	if err != nil {
		return err
	}
	if err := sameTables(m.Tables, tables); err != nil {
		return err
	}
	rights, err := rightsDigest(ctx, conn)
	if err == nil && rights != m.Snapshot.Rights {
		err = errors.New("the copy has other rights, policies or row security than the original")
	}
	return err
}

func sameTables(want, got map[string]Table) error {
	for name, w := range want {
		g, ok := got[name]
		switch {
		case !ok:
			return fmt.Errorf("the copy lacks the table %s", name)
		case g.Rows != w.Rows:
			return fmt.Errorf("the copy has %d rows in %s, the original had %d", g.Rows, name, w.Rows)
		case g.Digest != w.Digest:
			return fmt.Errorf("the rows of %s differ from the original's", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			return fmt.Errorf("the copy has the table %s, which the original had not", name)
		}
	}
	return nil
}

func migrateCopy(ctx context.Context, ownerURL string) error {
	m, err := db.OpenMigrator(ctx, ownerURL)
	if err != nil {
		return err
	}
	_, err = m.Up(ctx)
	return errors.Join(err, m.Close())
}
