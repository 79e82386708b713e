package backup_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/backup"
	"payaid/internal/dbtest"
	"payaid/internal/localstack"
)

// archived is an installation on a server of its own, whose write-ahead log is
// archived.
type archived struct {
	stack *localstack.Stack
	o     backup.Options
	wal   string // where the archive is
	key   string
	slugs [2]uuid.UUID
}

const pitrDatabase = "payaid"

func newArchived(t *testing.T) *archived {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	stack, err := localstack.Start(ctx, localstack.Options{DataDir: filepath.Join(dir, "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stack.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.EnsureDatabase(ctx, stack.SuperuserURL(), pitrDatabase); err != nil {
		t.Fatal(err)
	}
	owner := stack.DatabaseURL(db.RoleOwner, pitrDatabase)
	m, err := db.OpenMigrator(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(ctx); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.Close(), backup.EnsureOps(ctx, owner)); err != nil {
		t.Fatal(err)
	}
	a := &archived{stack: stack, wal: filepath.Join(dir, "wal")}
	var public []string
	for range 2 {
		k, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		a.key = k.String()
		public = append(public, k.Recipient().String())
	}
	a.o = backup.Options{
		BackupURL: stack.DatabaseURL(db.RoleBackup, pitrDatabase), OwnerURL: owner, AppURL: stack.DatabaseURL(db.RoleApp, pitrDatabase),
		Store: newDir(t, filepath.Join(dir, "backups")), Objects: newDir(t, filepath.Join(dir, "files")), SecretKey: strings.Repeat("s", 32), Recipients: public, Identities: a.key,
		ProgramDirs: localstack.ProgramDirs(ctx), Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		WAL: backup.WALOptions{Store: newDir(t, a.wal), Dir: filepath.Join(dir, "work"), Unprivileged: localstack.Unprivileged},
	}
	for i, slug := range []string{"rao", "mehta"} {
		a.slugs[i] = uuid.Must(uuid.NewV7())
		a.exec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, $2, $2, now(), now())", a.slugs[i], slug)
		a.exec(t, `INSERT INTO contacts (tenant_id, id, first_name, last_name, created_at, updated_at)
			SELECT $1, gen_random_uuid(), 'Asha', 'Contact ' || n, now(), now() FROM generate_series(1, 200) n`, a.slugs[i])
	}
	return a
}

// exec runs SQL as the owner of the live database.
func (a *archived) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	(&fixture{}).exec(t, a.o.OwnerURL, sql, args...)
}

func (a *archived) super(t *testing.T, sql string) {
	t.Helper()
	(&fixture{}).exec(t, a.stack.SuperuserURL(), sql)
}

// contacts counts the contacts of a business in the live database.
func (a *archived) contacts(t *testing.T, tenant int) int64 {
	t.Helper()
	return dbtest.Column[int64](t, a.o.OwnerURL, "SELECT count(*) FROM contacts WHERE tenant_id = $1", a.slugs[tenant])[0]
}

func (a *archived) service(change ...func(*backup.Options)) *backup.Service {
	o := a.o
	for _, c := range change {
		c(&o)
	}
	return backup.New(o)
}

// permit gives payaid_backup what the stack's script gives it.
func (a *archived) permit(t *testing.T) {
	t.Helper()
	a.super(t, "ALTER ROLE payaid_backup REPLICATION")
	a.super(t, "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO payaid_backup")
}

// receive archives the log until the test ends or stop is called.
func (a *archived) receive(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := a.service().ReceiveWAL(ctx, 4*time.Second); err != nil {
			t.Errorf("the log was not received: %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// now is the moment on the server.
func (a *archived) now(t *testing.T) time.Time {
	t.Helper()
	return dbtest.Column[time.Time](t, a.o.OwnerURL, "SELECT clock_timestamp()")[0]
}

// await waits until a moment can be restored.
func (a *archived) await(t *testing.T, moment time.Time) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		w, err := a.service().Window(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if w.Contains(moment) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s cannot be restored: %s; %+v", moment, w.Explain(moment, time.UTC), w)
		}
	}
}

// beginsSegment lets what is written from now on go to another segment.
func (a *archived) beginsSegment(t *testing.T) {
	t.Helper()
	a.super(t, "SELECT pg_switch_wal()")
	a.super(t, "SELECT pg_logical_emit_message(true, 'payaid', 'a segment begins')")
}

// wantClean fails when a recovery left anything.
func (a *archived) wantClean(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(a.o.WAL.Dir, "recover-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left of the recovery: %v, %v", left, err)
	}
	if copies := dbtest.Column[string](t, a.stack.SuperuserURL(), "SELECT datname FROM pg_database WHERE datname LIKE 'payaid_restore_%'"); len(copies) > 0 {
		t.Errorf("left of the restore: %v", copies)
	}
}

// segments lists the files of the archived log, oldest first.
func (a *archived) segments(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(a.wal, "*", "wal", "*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no segment is archived: %v", err)
	}
	slices.Sort(found)
	return found
}

// An accident is undone to the second, and what cannot be undone is refused with the
// live data as it was.
func TestAMomentIsRestored(t *testing.T) {
	t.Parallel()
	a := newArchived(t)
	if err := a.service().ReceiveWAL(t.Context(), 0); !errors.Is(err, backup.ErrArchive) || !strings.Contains(err.Error(), "REPLICATION") {
		t.Fatalf("without the right to read the log: %v", err)
	}
	a.permit(t)
	stop := a.receive(t)
	base, err := a.service().TakeBase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// However quick the machine is, what the moment needs is neither what the base itself needs nor the newest segment.
	a.beginsSegment(t)
	before, needed := a.now(t), dbtest.Column[string](t, a.o.OwnerURL, "SELECT pg_walfile_name(pg_current_wal_lsn())")[0]
	time.Sleep(20 * time.Millisecond)
	a.exec(t, "DELETE FROM contacts WHERE tenant_id = $1", a.slugs[0])
	accident := a.now(t)
	a.beginsSegment(t)
	a.await(t, a.now(t))

	a.refuses(t, base.StartedAt.Add(-time.Hour), accident)
	a.survivesAKill(t, before)
	a.survivesDamage(t, before, needed)

	zone, err := backup.ParseSchedule("02:00 Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	s := a.service(func(o *backup.Options) { o.Schedule = zone })
	to, err := backup.ParseMoment(before.In(time.FixedZone("IST", 19800)).Format("2006-01-02 15:04:05"), must(s.Zone(t.Context())))
	if err != nil || to.After(before) || before.Sub(to) > time.Second {
		t.Fatalf("read as %s, %v", to, err)
	}
	r := a.restoresFromThePanel(t, s, before)
	if r.State != backup.StateDone || a.contacts(t, 0) != 200 || a.contacts(t, 1) != 200 {
		t.Errorf("%s: %d and %d contacts", r.State, a.contacts(t, 0), a.contacts(t, 1))
	}
	b, err := s.Get(t.Context(), r.Backup)
	if err != nil || b.Kind != backup.PITR || !b.Snapshot.At.Equal(before) {
		t.Errorf("restored from %s of %s, not of %s: %v", b.Kind, b.Snapshot.At, before, err)
	}
	a.wantClean(t)

	// The log goes on over the swap: its other side can be reached, too.
	if _, err := s.Rollback(t.Context()); err != nil || a.contacts(t, 0) != 0 {
		t.Errorf("rolled back: %d contacts, %v", a.contacts(t, 0), err)
	}
	a.keepsTheChain(t)
	a.tellsThatTheLogIsNotArchived(t, stop)
}

// restoresFromThePanel asks for the moment as the panel does, with a key of one's own,
// and has a worker do it.
func (a *archived) restoresFromThePanel(t *testing.T, s *backup.Service, to time.Time) backup.Restored {
	t.Helper()
	d, err := s.OpenDesk()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	if _, err := d.Ask(t.Context(), backup.Request{Verb: backup.VerbRestoreTo, To: to.Add(24 * time.Hour), By: "Asha Shah"}); !errors.Is(err, backup.ErrRefused) {
		t.Errorf("tomorrow: %v", err)
	}
	id, err := d.Ask(t.Context(), backup.Request{Verb: backup.VerbRestoreTo, To: to, By: "Asha Shah", Identity: a.key})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.service(func(o *backup.Options) { o.Identities = "" }).Work(ctx)
	}()
	defer func() { cancel(); <-done }()
	for deadline := time.Now().Add(4 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		j, err := d.Job(t.Context(), id)
		if err == nil && j.Done() {
			if j.State != backup.JobCompleted {
				t.Fatalf("%s: %s", j.State, j.Problem)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the job is %+v, %v", j, err)
		}
	}
	all, err := d.Restores(t.Context(), 1)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	return all[0]
}
