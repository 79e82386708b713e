package backup_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/backup"
	"payaid/internal/dbtest"
)

// name is what the live database is called, whichever one that is.
func (f *fixture) name() string { return f.db.Pool().Config().ConnConfig.Database }

// at is the address of another database of the fixture, as its owner.
func (f *fixture) at(database string) string {
	return strings.Replace(f.db.OwnerURL, f.name(), database, 1)
}

// addContact writes a contact of the first tenant into the live database.
func (f *fixture) addContact(t *testing.T, name string) {
	t.Helper()
	f.db.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, created_at, updated_at) VALUES ($1, gen_random_uuid(), $2, now(), now())`, f.tenants[0], name)
}

func (f *fixture) hasContact(t *testing.T, url, name string) bool {
	t.Helper()
	return dbtest.Column[int64](t, url, "SELECT count(*) FROM contacts WHERE first_name = $1", name)[0] == 1
}

// left lists the databases that restores made.
func (f *fixture) left(t *testing.T) []string {
	t.Helper()
	return dbtest.Column[string](t, f.opsURL(), "SELECT datname FROM pg_database WHERE starts_with(datname, $1) AND datname <> $2 ORDER BY 1", f.name()+"_", f.opsName())
}

func (f *fixture) isFenced(t *testing.T) bool {
	t.Helper()
	return dbtest.Column[bool](t, f.opsURL(), "SELECT coalesce(fenced_until > clock_timestamp(), false) FROM generation")[0]
}

// restore restores a backup, which must succeed.
func (f *fixture) restore(t *testing.T, id uuid.UUID, change ...func(*backup.Options)) backup.Restored {
	t.Helper()
	r, err := f.service(change...).Restore(t.Context(), id)
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(f.lines, "\n"))
	}
	return r
}

// wantUntouched fails unless the live database is the one from before, takes writes
// and no copy is left.
func (f *fixture) wantUntouched(t *testing.T) {
	t.Helper()
	if !f.hasContact(t, f.db.OwnerURL, "Later") {
		t.Error("the live database is not the one from before")
	}
	if f.isFenced(t) {
		t.Error("writes still wait")
	}
	if left := f.left(t); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestARestoreAndItsRollback(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.addContact(t, "Earlier")
	f.db.OwnerExec(t, "ALTER DATABASE "+f.name()+" SET work_mem = '7MB'")
	f.db.OwnerExec(t, "REVOKE TEMPORARY ON DATABASE "+f.name()+" FROM PUBLIC")
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	f.db.OwnerExec(t, "DELETE FROM contacts WHERE first_name = 'Earlier'")
	generation := func() uuid.UUID { return dbtest.Column[uuid.UUID](t, f.opsURL(), "SELECT id FROM generation")[0] }
	first := generation()

	r := f.restore(t, b.ID)
	live := f.db.OwnerURL
	if !f.hasContact(t, live, "Earlier") || f.hasContact(t, live, "Later") {
		t.Error("the backup's data is not live")
	}
	if pre := f.at(r.Previous); f.hasContact(t, pre, "Earlier") || !f.hasContact(t, pre, "Later") {
		t.Error("what was live before is not kept")
	}
	if got := dbtest.Column[string](t, live, "SELECT current_setting('work_mem') || ' ' || has_database_privilege('payaid_app', current_database(), 'TEMP')"); got[0] != "7MB false" {
		t.Errorf("the database has other settings: %q", got)
	}
	second := generation()
	if first == second || f.isFenced(t) || r.State != backup.StateDone || r.FinishedAt == nil || r.RollbackUntil == nil {
		t.Errorf("generation %s then %s, restore %+v", first, second, r)
	}
	if r.Report.Tables["public.contacts"] != (backup.Rows{Before: 1001, After: 1001}) || r.Report.Outage <= 0 {
		t.Errorf("report %+v", r.Report)
	}
	if s, err := f.service().Get(t.Context(), r.Safety); err != nil || s.Kind != backup.Safety || !s.Verified() {
		t.Errorf("safety backup %+v, %v", s, err)
	}
	f.addContact(t, "After the restore")

	back, err := f.service().Rollback(t.Context())
	if err != nil || back.State != backup.StateUndone {
		t.Fatalf("%+v, %v", back, err)
	}
	if f.hasContact(t, live, "Earlier") || !f.hasContact(t, live, "Later") || f.hasContact(t, live, "After the restore") {
		t.Error("the database from before is not live again")
	}
	if !f.hasContact(t, f.at(r.Copy), "After the restore") || generation() == second {
		t.Error("what was written since the restore is lost")
	}
	if _, err := f.service().Rollback(t.Context()); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("a second rollback: %v", err)
	}
	f.wantHistory(t, r.ID)
}

// wantHistory looks at what a restore and its rollback wrote down.
func (f *fixture) wantHistory(t *testing.T, id uuid.UUID) {
	t.Helper()
	all, err := f.service().Restores(t.Context(), 10)
	if err != nil || len(all) != 1 || all[0].ID != id || all[0].State != backup.StateUndone || len(all[0].Times) != 12 {
		t.Errorf("%+v, %v", all, err)
	}
	got := dbtest.Column[string](t, f.db.OwnerURL, "SELECT action FROM audit_entries WHERE entity = 'backup' ORDER BY at")
	if !slices.Equal(got, []string{"backup.restore", "backup.rollback"}) {
		t.Errorf("the log says %v", got)
	}
	// After a week nothing of it is left.
	f.now = f.now.Add(backup.RollbackTime + time.Minute)
	if err := f.service().SweepRestores(t.Context()); err != nil {
		t.Error(err)
	}
	if left := f.left(t); len(left) > 0 {
		t.Errorf("left after a week: %v", left)
	}
}

func TestAfterAWeekNothingIsRolledBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	r := f.restore(t, b.ID)
	f.now = f.now.Add(backup.RollbackTime - time.Minute)
	f.create(t, backup.Manual) // any job looks after old restores
	if left := f.left(t); !slices.Equal(left, []string{r.Previous}) {
		t.Errorf("left before the time is over: %v", left)
	}
	f.now = f.now.Add(2 * time.Minute)
	if _, err := f.service().Rollback(t.Context()); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if left := f.left(t); !slices.Equal(left, []string{r.Previous}) {
		t.Errorf("dropped without a last backup: %v", left)
	}
	f.exec(t, f.at(r.Previous), `INSERT INTO contacts (tenant_id, id, first_name, created_at, updated_at) VALUES ($1, gen_random_uuid(), 'Between', now(), now())`, f.tenants[0])
	// One that cannot be backed up is kept for another day, and can be gone back to.
	if err := f.service(programs(t, "exit 1")).SweepRestores(t.Context()); err == nil || !strings.Contains(err.Error(), "no last backup could be made of "+r.Previous) {
		t.Errorf("%v", err)
	}
	if left := f.left(t); !slices.Equal(left, []string{r.Previous}) {
		t.Errorf("dropped without a last backup: %v", left)
	}
	f.now = f.now.Add(25 * time.Hour)
	if err := f.service().SweepRestores(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := f.left(t); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	f.wantFinal(t)
}

// wantFinal looks for the last backup of the database from before a restore, which
// holds what was written after the safety backup, and no look at the backups takes
// for one of what is live.
func (f *fixture) wantFinal(t *testing.T) {
	t.Helper()
	last := f.list(t)[0]
	if last.Kind != backup.Final || last.OfLive() || last.Tables["public.contacts"].Rows != 1001 {
		t.Fatalf("%s with %d contacts", last.Kind, last.Tables["public.contacts"].Rows)
	}
	if d, err := f.service().Drill(t.Context(), last.ID); err != nil || !d.Proven() {
		t.Errorf("drill of the last backup: %v", err)
	}
	f.now = f.now.Add(10 * 24 * time.Hour)
	if _, err := f.service().Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := f.desk(t).Health(t.Context())
	if err != nil || !h.Newest.Before(last.StartedAt) || len(h.Wrong) == 0 || h.Wrong[0].Kind != backup.WrongOverdue {
		t.Errorf("health: %+v, %v", h, err)
	}
	if kept := f.list(t); kept[0].ID != last.ID {
		t.Error("it is forgotten after ten days")
	}
	f.now = f.now.Add(31 * 24 * time.Hour)
	if _, err := f.service().Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(f.list(t), func(b backup.Backup) bool { return b.Kind == backup.Final }) {
		t.Error("it is kept after the retention time")
	}
}

func TestWhatCannotBeRestoredIsRefusedBeforeAnyWork(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	manifest := b.ID.String() + "/" + backup.ManifestName
	newer := b.Manifest
	newer.Snapshot.Schema++
	huge := b.Manifest
	huge.DumpBytes = 1 << 60
	foreign := b.Manifest
	foreign.Tables = map[string]backup.Table{"public.orders": {Rows: 3}}
	for name, tt := range map[string]struct {
		damage func(t *testing.T)
		change func(*backup.Options)
		want   error
		says   string
	}{
		"a bit of the dump":    {func(t *testing.T) { f.rewrite(t, b.ID.String()+"/"+backup.DumpName, flip) }, nil, backup.ErrDamaged, "checksum"},
		"half of the dump":     {func(t *testing.T) { f.rewrite(t, b.ID.String()+"/"+backup.DumpName, half) }, nil, backup.ErrDamaged, "checksum"},
		"a wrong key":          {nil, func(o *backup.Options) { o.Identities = newKey(t) }, backup.ErrWrongKey, "belongs to"},
		"no key":               {nil, func(o *backup.Options) { o.Identities = "" }, backup.ErrWrongKey, "--identity"},
		"a forged manifest":    {func(t *testing.T) { f.rewrite(t, manifest, flip) }, nil, backup.ErrForged, ""},
		"another secret":       {nil, func(o *backup.Options) { o.SecretKey = strings.Repeat("x", 32) }, backup.ErrForged, "another PAYAID_SECRET_KEY"},
		"a newer schema":       {func(t *testing.T) { f.publish(t, newer) }, nil, backup.ErrRefused, "use that version or a newer one"},
		"another application":  {func(t *testing.T) { f.publish(t, foreign) }, nil, backup.ErrRefused, "no database of PayAid"},
		"no room":              {func(t *testing.T) { f.publish(t, huge) }, func(o *backup.Options) { o.DatabaseDir = f.dir }, backup.ErrRefused, "of room left"},
		"no owner":             {nil, func(o *backup.Options) { o.OwnerURL = "" }, backup.ErrRefused, "PAYAID_DATABASE_OWNER_URL"},
		"no backup of that id": {nil, nil, backup.ErrNotFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			id := b.ID
			if errors.Is(tt.want, backup.ErrNotFound) {
				id = uuid.Must(uuid.NewV7())
			}
			whole := map[string][]byte{manifest: f.read(t, manifest), b.ID.String() + "/" + backup.DumpName: f.read(t, b.ID.String()+"/"+backup.DumpName)}
			if tt.damage != nil {
				tt.damage(t)
			}
			if tt.change == nil {
				tt.change = func(*backup.Options) {}
			}
			f.lines = nil
			_, err := f.service(tt.change).Restore(t.Context(), id)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v and %q", err, tt.want, tt.says)
			}
			if slices.Contains(f.lines, string(backup.StateSafety)) {
				t.Errorf("work was begun: %q", f.lines)
			}
			f.wantUntouched(t)
			for key, data := range whole {
				f.rewrite(t, key, func([]byte) []byte { return data })
			}
		})
	}
	if n := len(f.list(t)); n != 1 {
		t.Errorf("%d backups, want no safety backup", n)
	}
}

func (f *fixture) publish(t *testing.T, m backup.Manifest) {
	t.Helper()
	if err := backup.Publish(t.Context(), f.service(), m.ID, backup.ManifestName, m); err != nil {
		t.Fatal(err)
	}
}

// A copy that is not what the manifest says, and one that cannot be migrated, never
// get near the live database.
func TestABadCopyIsDropped(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	wrong := b.Manifest
	wrong.Tables = map[string]backup.Table{}
	for k, v := range b.Tables {
		wrong.Tables[k] = v
	}
	wrong.Tables["public.users"] = backup.Table{Digest: "1"}
	f.publish(t, wrong)
	r, err := f.service().Restore(t.Context(), b.ID)
	if err == nil || !strings.Contains(err.Error(), "VERIFY: the rows of public.users differ") || r.State != backup.StateFailed {
		t.Errorf("%+v, %v", r, err)
	}
	f.wantUntouched(t)
	f.publish(t, b.Manifest)
	if err := f.objects.Delete(t.Context(), "t/"+f.tenants[0].String()+"/imports/first.csv"); err != nil {
		t.Fatal(err)
	}
	if r, err = f.service().Restore(t.Context(), b.ID); err == nil || !strings.Contains(r.Problem, "OBJECTS: ") {
		t.Errorf("%+v, %v", r, err)
	}
	f.wantUntouched(t)
}

// Loading that breaks half-way and a migration that fails change nothing either.
func TestABrokenLoadOrMigrationIsDropped(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.db.OwnerExec(t, `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version);
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no more migrations'; END $$;
		CREATE TRIGGER refuse BEFORE INSERT ON goose_db_version FOR EACH ROW EXECUTE FUNCTION refuse()`)
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	for state, change := range map[backup.State]func(*backup.Options){
		backup.StateLoad:    program(t, "pg_restore", `head -c 200000 | $REAL "$@"; kill -9 $$`),
		backup.StateMigrate: func(*backup.Options) {},
	} {
		if r, err := f.service(change).Restore(t.Context(), b.ID); err == nil || !strings.HasPrefix(r.Problem, string(state)+": ") {
			t.Errorf("%s: %q, %v", state, r.Problem, err)
		}
		f.wantUntouched(t)
	}
}

func TestOnlyOneRestoreAtATime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	var inside error
	f.restore(t, b.ID, func(o *backup.Options) {
		o.Progress = func(line string) {
			if line == string(backup.StateLoad) {
				_, inside = f.service().Restore(context.WithoutCancel(t.Context()), b.ID)
			}
		}
	})
	if !errors.Is(inside, backup.ErrBusy) || !strings.Contains(inside.Error(), "restore since") {
		t.Errorf("the second one: %v", inside)
	}
}

// Whom only a person can send away is waited for, and then the restore gives up
// without anybody else having noticed.
func TestASuperuserInTheDatabaseStopsARestore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	conn, err := pgx.Connect(t.Context(), f.superuserURL())
	if err != nil {
		t.Fatal(err)
	}
	impatient := func(o *backup.Options) { o.SwapPatience = time.Second }
	r, err := f.service(impatient).Restore(t.Context(), b.ID)
	if err == nil || !strings.Contains(err.Error(), "a session of the superuser") || r.State != backup.StateFailed {
		t.Errorf("%+v, %v", r, err)
	}
	f.wantUntouched(t)
	// One that comes between the look and the swap is in the way there.
	_ = conn.Close(t.Context())
	var late *pgx.Conn
	_, err = f.service(impatient, func(o *backup.Options) {
		o.Progress = func(line string) {
			if line == string(backup.StateSwap) && late == nil {
				late, _ = pgx.Connect(context.WithoutCancel(t.Context()), f.superuserURL())
			}
		}
	}).Restore(t.Context(), b.ID)
	if err == nil || !strings.Contains(err.Error(), "SWAP: ") {
		t.Errorf("%v", err)
	}
	f.wantUntouched(t)
	_ = late.Close(t.Context())
	f.restore(t, b.ID)
}

func (f *fixture) superuserURL() string {
	return strings.Replace(f.db.OwnerURL, db.RoleOwner, "postgres", 1)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
