//go:build drill

package backup_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/dbtest"
	"payaid/internal/servertest"
)

// rounds is how often a fault is tried that comes at a random moment.
const rounds = 10

// digest tells whether the contacts are what they were.
func (f *fixture) digest(t *testing.T) string {
	t.Helper()
	return dbtest.Column[string](t, f.db.OwnerURL, "SELECT count(*) || ' ' || sum(hashtextextended(c::text, 0)::numeric) FROM contacts c")[0]
}

// grow gives the first tenant more contacts of random text, which nothing makes small.
func (f *fixture) grow(t *testing.T, contacts int) {
	t.Helper()
	f.db.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, notes, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'Long', (SELECT string_agg(gen_random_uuid()::text, '') FROM generate_series(1, 50) WHERE n > 0), now(), now()
		FROM generate_series(1, $2) n`, f.tenants[0], contacts)
}

// drillS3Dies ends the S3 server while it takes the parts of a backup.
func drillS3Dies(t *testing.T) {
	f := newFixture(t)
	f.grow(t, 8000)
	server := servertest.NewControlledS3(t)
	server.Options.PartSize = 5 << 20
	s3, err := blob.NewS3(server.Options)
	if err != nil {
		t.Fatal(err)
	}
	onS3 := func(o *backup.Options) { o.Store = s3 }
	good := f.create(t, backup.Manual, onS3)
	begun := filepath.Join(t.TempDir(), "begun")
	ended := make(chan error, 1)
	go func() {
		_, err := f.service(onS3, programs(t, `$REAL "$@" | (head -c 6000000; touch `+begun+`; sleep 2; cat)`)).Create(context.WithoutCancel(t.Context()), backup.Manual)
		ended <- err
	}()
	waitFor(t, begun)
	server.Kill()
	if err := <-ended; err == nil {
		t.Error("a backup was made on a server that is dead")
	}
	server.Start()
	all, err := f.service(onS3).List(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != good.ID {
		t.Errorf("listed %d, %v, want the first alone", len(all), err)
	}
	if _, err := f.service(onS3).Verify(t.Context(), good.ID); err != nil {
		t.Error(err)
	}
	next := f.create(t, backup.Manual, onS3)
	if d, err := f.service(onS3).Drill(t.Context(), next.ID); err != nil || !d.Proven() {
		t.Errorf("the next one: %v", err)
	}
}

func drillKilledLoads(t *testing.T) {
	f := newFixture(t)
	f.grow(t, 3000)
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	before := f.digest(t)
	for range rounds {
		after := rand.N(1500 * time.Millisecond)
		killed := program(t, "pg_restore", fmt.Sprintf(`exec 3<&0; "$REAL" "$@" <&3 & p=$!; sleep %.3f; kill -9 $p; wait $p; exit 137`, after.Seconds()))
		r, err := f.service(killed).Restore(t.Context(), b.ID)
		if err == nil || !strings.HasPrefix(r.Problem, string(backup.StateLoad)+": ") {
			t.Errorf("killed after %s: %q, %v", after, r.Problem, err)
		}
		f.wantUntouched(t)
	}
	if now := f.digest(t); now != before {
		t.Errorf("the contacts were %s and are %s", before, now)
	}
}

// drillFullDisk keeps the server's data on a file system with hardly any room; its
// write-ahead log is elsewhere, as it should be. Only root can mount one.
func drillFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("this drill mounts a small file system: run make drill as root")
	}
	dir, wal := mountSmall(t, 260), t.TempDir()
	server := dbtest.NewServer(t, dir)
	server.Restart(t, func() { server.MoveLog(t, wal) })
	f := newFixtureOn(t, server.New(t))
	f.grow(t, 8000)
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	before := f.digest(t)
	if r, err := f.service(func(o *backup.Options) { o.DatabaseDir = fillBut(t, dir, 18<<20) }).Restore(t.Context(), b.ID); !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "of room left") {
		t.Errorf("foreseen: %+v, %v", r, err)
	}
	r, err := f.service().Restore(t.Context(), b.ID) // which cannot see the disk
	if err == nil || !strings.Contains(err.Error(), "No space left on device") {
		t.Errorf("%+v, %v", r, err)
	}
	// PostgreSQL may have to start anew, which it does by itself, and what the dying
	// process could not clean up waits until there is room.
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	f.awaitServer(t)
	f.sweep(t)
	f.wantUntouched(t)
	if now := f.digest(t); now != before {
		t.Errorf("the contacts were %s and are %s", before, now)
	}
	f.restore(t, b.ID)
}

func (f *fixture) awaitServer(t *testing.T) {
	t.Helper()
	begun := time.Now()
	for {
		conn, err := pgx.Connect(t.Context(), f.db.OwnerURL)
		if err == nil {
			_ = conn.Close(t.Context())
			measured(t, "after %s the database answered again", time.Since(begun).Round(time.Millisecond))
			return
		}
		if time.Since(begun) > time.Minute {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// A timeout of the role, which somebody may have set for the application, does not
// end a long COPY or CREATE INDEX.
func drillStatementTimeout(t *testing.T) {
	f := newFixtureOn(t, dbtest.NewServer(t, t.TempDir()).New(t))
	f.grow(t, 8000)
	b := f.create(t, backup.Manual)
	for _, role := range []string{"payaid_owner", "payaid_backup"} {
		f.exec(t, f.superuserURL(), "ALTER ROLE "+role+" SET statement_timeout = '20ms'")
	}
	t.Cleanup(func() { f.exec(t, f.superuserURL(), "ALTER ROLE payaid_owner RESET statement_timeout") })
	f.restore(t, b.ID)
	f.create(t, backup.Manual)
}

func drillKilledRestores(t *testing.T) {
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	begun := time.Now()
	f.killIn(t, backup.StateSwitch, b.ID)
	whole := time.Since(begun) // how long it takes to come so far
	f.sweep(t)
	swapped := 0
	for range rounds {
		if !f.hasContact(t, f.db.OwnerURL, "Later") {
			swapped++
			if _, err := f.service().Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.dropBesideBut(t)
		}
		process := f.restoreElsewhere(t, "none", "", b.ID)
		time.Sleep(rand.N(whole))
		process.kill(t)
		killed := time.Now()
		_ = f.digest(t) // there is always a live database
		f.awaitUnfenced(t)
		if took := time.Since(killed); took > killedLease+5*time.Second {
			t.Errorf("writes waited for %s", took)
		}
		f.sweep(t)
	}
	measured(t, "%d of %d were killed after the swap", swapped, rounds)
}

// dropBesideBut forgets what a rollback put aside, so that disks do not fill up.
func (f *fixture) dropBesideBut(t *testing.T) {
	t.Helper()
	f.exec(t, f.opsURL(), "UPDATE restore SET rollback_until = now() - interval '1 minute' WHERE state = 'ROLLED_BACK'")
	if err := f.service().SweepRestores(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// drillWriters writes 500 times a second through two replicas while a restore swaps.
func drillWriters(t *testing.T) {
	const writers, each = 10, 20 * time.Millisecond
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var mu sync.Mutex
	var all []commit
	replicas := []*replica{f.replica(t, true), f.replica(t, true)}
	for w := range writers {
		group.Go(func() {
			commits := pacedWriter(ctx, t, replicas[w%2], f.tenants[w%2], fmt.Sprintf("replica %d writer %d", w%2, w), each)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, commits...)
		})
	}
	time.Sleep(time.Second)
	begun := time.Now()
	restored := f.restore(t, b.ID)
	took := time.Since(begun)
	time.Sleep(time.Second)
	stop()
	group.Wait()
	f.wantNoneLost(t, all, f.at(restored.Previous))
	gap := wantOneGeneration(t, all)
	measured(t, "%.0f acknowledged writes a second, the longest time without one was **%s** (aim 500 ms), the fence stood for %s", float64(len(all))/(took+2*time.Second).Seconds(),
		gap.Round(time.Millisecond), restored.Report.Outage.Round(time.Millisecond))
}
