package backup_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"payaid/internal/backup"
	"payaid/internal/dbtest"
)

func schedule(t *testing.T, text string) backup.Schedule {
	t.Helper()
	s, err := backup.ParseSchedule(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseSchedule(t *testing.T) {
	for text, want := range map[string]string{"02:00 Asia/Kolkata": "02:00 Asia/Kolkata", "23:59 UTC": "23:59 UTC", "2:05 Europe/London": "02:05 Europe/London", "off": "off"} {
		if s := schedule(t, text); s.String() != want || s.On() != (text != "off") {
			t.Errorf("%q became %q", text, s)
		}
	}
	for _, text := range []string{"", "02:00", "24:00 UTC", "02:60 UTC", "midnight UTC", "02:00 Nowhere/Land", "02:00 Local", "UTC 02:00", "* * * * *"} {
		if s, err := backup.ParseSchedule(text); err == nil {
			t.Errorf("%q became %q", text, s)
		}
	}
}

// Every date has its time exactly once, whatever the clocks do.
func TestEveryDateHasOneTime(t *testing.T) {
	for _, text := range []string{
		"02:00 Asia/Kolkata", "02:30 America/New_York", "02:30 Europe/Berlin", "01:30 Europe/London", "00:30 America/Havana", "00:00 Africa/Cairo",
		"02:15 Australia/Lord_Howe", "23:59 Pacific/Auckland",
	} {
		s := schedule(t, text)
		begin := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
		last := backup.Latest(s, begin)
		for at := begin; at.Before(begin.AddDate(1, 0, 0)); at = at.Add(5 * time.Minute) {
			got := backup.Latest(s, at)
			if got == last {
				continue
			}
			next, err := time.Parse(time.DateOnly, last)
			if err != nil {
				t.Fatal(err)
			}
			if want := next.AddDate(0, 0, 1).Format(time.DateOnly); got != want {
				t.Errorf("%s: after %s comes %s at %s", text, last, got, at)
			}
			last = got
		}
	}
}

// runs counts the scheduled backups.
func (f *fixture) runs(t *testing.T) int {
	t.Helper()
	return len(slices.DeleteFunc(f.list(t), func(b backup.Backup) bool { return b.Kind != backup.Scheduled }))
}

func (f *fixture) nightly(t *testing.T, change ...func(*backup.Options)) error {
	t.Helper()
	change = append(change, func(o *backup.Options) { o.Schedule = schedule(t, "02:00 Asia/Kolkata") })
	return f.service(change...).RunSchedule(t.Context())
}

func TestTheScheduledBackupIsMadeOnce(t *testing.T) {
	f := newFixture(t)
	at := func(text string) {
		t.Helper()
		zone, err := time.LoadLocation("Asia/Kolkata")
		if err != nil {
			t.Fatal(err)
		}
		if f.now, err = time.ParseInLocation(time.DateTime, text, zone); err != nil {
			t.Fatal(err)
		}
	}
	tick := func(want int, when string) {
		t.Helper()
		at(when)
		if err := f.nightly(t); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		if got := f.runs(t); got != want {
			t.Errorf("%s: %d scheduled backups, want %d", when, got, want)
		}
	}
	tick(0, "2026-11-20 10:00:00") // a new installation begins with the next night
	tick(0, "2026-11-21 01:59:00")
	at("2026-11-21 02:00:00")
	var group sync.WaitGroup
	for range 3 { // replicas
		s := f.service(func(o *backup.Options) {
			o.Schedule, o.Progress = schedule(t, "02:00 Asia/Kolkata"), nil
		})
		group.Go(func() {
			if err := s.RunSchedule(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	tick(1, "2026-11-21 02:05:00")
	tick(1, "2026-11-21 23:55:00")
	tick(1, "2026-11-21 01:00:00") // the clock was set back
	tick(1, "2026-11-21 02:00:00")
	tick(2, "2026-11-23 09:00:00") // it was switched off at night: the missed one is made at start, once
	tick(2, "2026-11-23 09:05:00")
	if all := f.list(t); !all[0].Proven() {
		t.Errorf("the scheduled backup was not drilled: %+v", all[0].Drill)
	}
	other := func(o *backup.Options) { o.Schedule = schedule(t, "23:00 Asia/Kolkata") }
	late := func(want int, when string) {
		t.Helper()
		at(when)
		if err := f.service(other).RunSchedule(t.Context()); err != nil || f.runs(t) != want {
			t.Errorf("another schedule at %s: %v, %d backups, want %d", when, err, f.runs(t), want)
		}
	}
	late(2, "2026-11-23 09:10:00")
	late(3, "2026-11-23 23:00:00")
	if err := f.service(func(o *backup.Options) { o.Schedule = backup.Schedule{} }).RunSchedule(t.Context()); err != nil || f.runs(t) != 3 {
		t.Errorf("off: %v", err)
	}
	if n := dbtest.Column[int64](t, f.opsURL(), "SELECT count(*) FROM job")[0]; n != 3 {
		t.Errorf("%d jobs in the history, want one for each backup", n)
	}
}

// A new schedule begins with its next time, unless that would leave a whole day
// without a backup.
func TestANewScheduleLeavesNoGap(t *testing.T) {
	f := newFixture(t)
	begin := time.Date(2026, 11, 20, 21, 0, 0, 0, time.UTC) // 02:30 in India
	run := func(hours, want int, text string) {
		t.Helper()
		f.now = begin.Add(time.Duration(hours) * time.Hour)
		noDrill := func(o *backup.Options) { o.Schedule, o.Identities = schedule(t, text), "" }
		if err := f.service(noDrill).RunSchedule(t.Context()); err != nil || f.runs(t) != want {
			t.Errorf("after %d hours: %v, %d backups, want %d", hours, err, f.runs(t), want)
		}
	}
	run(-1, 0, "02:00 Asia/Kolkata")
	run(0, 1, "02:00 Asia/Kolkata")
	run(24, 2, "02:00 Asia/Kolkata")
	run(25, 2, "20:30 UTC") // comes again in 22.5 hours
	run(47, 2, "20:30 UTC")
	run(48, 3, "20:30 UTC")
	run(49, 3, "19:30 UTC") // comes again in 21.5 hours
	run(50, 3, "22:45 UTC") // its last time is 23 hours ago
	run(75, 4, "22:45 UTC") // more than 26 hours after the last backup, whatever the schedule says
}

// Forty nights fail. Nothing is forgotten meanwhile, and when it works again the
// three newest good ones are still there.
func TestFortyFailedNights(t *testing.T) {
	f := newFixture(t)
	f.now = f.now.Truncate(24 * time.Hour).Add(12 * time.Hour) // 02:00 in the schedule's zone is far
	if err := f.nightly(t); err != nil {
		t.Fatal(err)
	}
	for days := range 5 {
		f.pretend(t, backup.Scheduled, days, true)
	}
	broken := programs(t, `echo "pg_dump: error: the disk is on fire" >&2; exit 1`)
	for night := range 40 {
		f.now = f.now.AddDate(0, 0, 1)
		if err := f.nightly(t, broken); err == nil || !strings.Contains(err.Error(), "on fire") {
			t.Fatalf("night %d: %v", night, err)
		}
		if n := f.runs(t); n != 5 {
			t.Fatalf("night %d: %d backups left of 5", night, n)
		}
		if err := f.nightly(t, broken); err != nil {
			t.Fatalf("night %d, five minutes later: %v, want patience", night, err)
		}
	}
	if gone, err := f.service().Prune(t.Context()); err != nil || len(gone) != 2 || f.runs(t) != 3 {
		t.Errorf("prune: forgot %d, %v, %d left, want the three newest", len(gone), err, f.runs(t))
	}
	f.now = f.now.Add(time.Hour) // the last failed attempt is tried again
	if err := f.nightly(t); err != nil || f.runs(t) != 3 {
		t.Errorf("it works again: %v, %d backups, want the new one and two of the old", err, f.runs(t))
	}
	states := dbtest.Column[string](t, f.opsURL(), "SELECT state || ' ' || attempts FROM schedule_run ORDER BY local_date")
	want := append([]string{"skipped 1"}, slices.Repeat([]string{"failed 1"}, 39)...)
	if !slices.Equal(states, append(want, "completed 2")) {
		t.Errorf("the schedule's history is %v", fmt.Sprint(states))
	}
}

// A backup that cannot be restored must not push older ones out.
func TestAFailedDrillForgetsNothing(t *testing.T) {
	f := newFixture(t)
	if err := f.nightly(t); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		f.pretend(t, backup.Scheduled, 60, true)
	}
	f.now = f.now.AddDate(0, 0, 1)
	noRestore := func(o *backup.Options) { o.AppURL = "postgres://payaid_nobody@/payaid" }
	if err := f.nightly(t, noRestore); err == nil || !strings.Contains(err.Error(), "could not be restored") {
		t.Errorf("got %v", err)
	}
	all := f.list(t)
	if len(all) != 6 || all[0].Proven() || all[0].Drill == nil {
		t.Errorf("%d backups, the new one's drill %+v", len(all), all[0].Drill)
	}
	f.now = f.now.AddDate(0, 0, 1)
	noKey := func(o *backup.Options) { o.Identities = "" }
	if err := f.nightly(t, noKey); err != nil || f.runs(t) != 3 {
		t.Errorf("without a key at hand a full read must do: %v, %d backups", err, f.runs(t))
	}
}
