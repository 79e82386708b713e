package backup_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/blob"
)

// pretend stores a backup of days ago without making one.
func (f *fixture) pretend(t *testing.T, kind backup.Kind, days int, verified bool) uuid.UUID {
	t.Helper()
	at := f.now.AddDate(0, 0, -days)
	id := uuid.Must(uuid.NewV7())
	ms := at.UnixMilli()
	for i := range 6 { // the time in a version 7 id
		id[i] = byte(ms >> (40 - 8*i))
	}
	for _, name := range []string{backup.DumpName, backup.ListName} {
		if _, err := f.store.Put(t.Context(), id.String()+"/"+name, strings.NewReader("x"), 1, ""); err != nil {
			t.Fatal(err)
		}
	}
	s := f.service()
	if !verified {
		if err := backup.Publish(t.Context(), s, id, backup.VerifyName, backup.Proof{At: at, Problem: "damaged"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := backup.Publish(t.Context(), s, id, backup.ManifestName, backup.Manifest{Format: 1, ID: id, Kind: kind, StartedAt: at, VerifiedAt: at}); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestRetention(t *testing.T) {
	type made struct {
		kind     backup.Kind
		days     int
		verified bool
		kept     bool
	}
	f := newFixture(t)
	for name, all := range map[string][]made{
		"thirty days": {
			{backup.Scheduled, 0, true, true}, {backup.Scheduled, 10, true, true}, {backup.Manual, 20, true, true}, {backup.Scheduled, 29, true, true},
			{backup.Scheduled, 31, true, false}, {backup.Manual, 31, true, false}, {backup.Scheduled, 300, true, false},
		},
		"the three newest verified stay": {
			{backup.Scheduled, 40, true, true}, {backup.Scheduled, 41, true, true}, {backup.Scheduled, 42, true, true}, {backup.Scheduled, 43, true, false},
		},
		"a damaged one is none of the three": {
			{backup.Scheduled, 1, false, true}, {backup.Scheduled, 39, false, false}, {backup.Scheduled, 40, true, true}, {backup.Scheduled, 41, true, true},
			{backup.Scheduled, 42, true, true}, {backup.Scheduled, 43, true, false},
		},
		"safety for seven days, pinned for ever": {
			{backup.Scheduled, 1, true, true}, {backup.Scheduled, 2, true, true}, {backup.Scheduled, 3, true, true},
			{backup.Safety, 6, true, true}, {backup.Safety, 8, true, false}, {backup.Pinned, 4000, true, true}, {backup.Pinned, 4000, false, true},
		},
		"safety backups do not stand for the regular ones": {
			{backup.Safety, 1, true, true}, {backup.Safety, 2, true, true}, {backup.Pinned, 3, true, true},
			{backup.Scheduled, 40, true, true}, {backup.Manual, 41, true, true}, {backup.Scheduled, 42, true, true}, {backup.Scheduled, 43, true, false},
		},
		"nothing but old safety backups": {
			{backup.Safety, 40, true, true}, {backup.Safety, 41, true, true}, {backup.Safety, 42, true, true}, {backup.Safety, 43, true, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			kept := map[uuid.UUID]made{}
			var gone int
			for _, m := range all {
				kept[f.pretend(t, m.kind, m.days, m.verified)] = m
				if !m.kept {
					gone++
				}
			}
			pruned, err := f.service().Prune(t.Context())
			if err != nil || len(pruned) != gone {
				t.Errorf("forgot %d, %v, want %d", len(pruned), err, gone)
			}
			left := f.list(t)
			for id, m := range kept {
				if is := slices.ContainsFunc(left, func(b backup.Backup) bool { return b.ID == id }); is != m.kept {
					t.Errorf("%+v is kept: %v", m, is)
				}
			}
			again, err := f.service().Prune(t.Context())
			if err != nil || len(again) != 0 {
				t.Errorf("the second time: forgot %d, %v", len(again), err)
			}
			for _, b := range left {
				if err := backup.Forget(t.Context(), f.service(), b.ID); err != nil {
					t.Fatal(err)
				}
			}
			f.wantNothing(t)
		})
	}
}

func TestPruneLeavesWhatItCannotRead(t *testing.T) {
	f := newFixture(t)
	for days := range 3 {
		f.pretend(t, backup.Scheduled, days, true)
	}
	forged := f.pretend(t, backup.Scheduled, 90, true)
	f.rewrite(t, forged.String()+"/"+backup.ManifestName, flip)
	if gone, err := f.service().Prune(t.Context()); err != nil || len(gone) != 0 || len(f.list(t)) != 4 {
		t.Errorf("forgot %v, %v", gone, err)
	}
}

// What a killed backup or deletion left goes after a day, and not before: on S3 it
// could be another installation's that shares the bucket by mistake.
func TestRestsAreRemovedAfterADay(t *testing.T) {
	f := newFixture(t)
	id := uuid.Must(uuid.NewV7())
	for _, name := range []string{backup.DumpName, backup.DrillName} {
		if _, err := f.store.Put(t.Context(), id.String()+"/"+name, strings.NewReader("half"), -1, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.store.Put(t.Context(), "notes/README", strings.NewReader("not ours"), -1, ""); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		n := 0
		err := f.store.List(t.Context(), "", func(blob.Info) error { n++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if _, err := f.service().Prune(t.Context()); err != nil || count() != 3 {
		t.Errorf("at once: %v, %d objects", err, count())
	}
	f.now = f.now.Add(25 * time.Hour)
	if _, err := f.service().Prune(t.Context()); err != nil || count() != 1 {
		t.Errorf("after a day: %v, %d objects, want only the stranger's", err, count())
	}
}
