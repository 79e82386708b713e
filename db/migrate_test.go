package db_test

import (
	"context"
	"errors"
	"testing"

	"payaid/db"
	"payaid/internal/dbtest"
)

func migrator(t *testing.T, ownerURL string) *db.Migrator {
	t.Helper()
	m, err := db.OpenMigrator(context.Background(), ownerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func TestReplicasThatStartTogetherMigrateOnce(t *testing.T) {
	owner, app := dbtest.Empty(t)
	d := narrow(t, app, db.Options{MaxConns: 1})
	ctx := context.Background()
	if err := d.CheckSchema(ctx); !errors.Is(err, db.ErrSchemaOlder) {
		t.Fatalf("an empty database: %v", err)
	}
	type outcome struct {
		applied []db.Migration
		err     error
	}
	outcomes := make(chan outcome)
	for range 3 {
		m := migrator(t, owner)
		go func() {
			applied, err := m.Up(ctx)
			outcomes <- outcome{applied, err}
		}()
	}
	did := 0
	for range 3 {
		o := <-outcomes
		if o.err != nil {
			t.Error(o.err)
		}
		if len(o.applied) > 0 {
			did++
		}
	}
	if did != 1 {
		t.Errorf("%d of 3 applied something, want exactly 1", did)
	}
	if err := d.CheckSchema(ctx); err != nil {
		t.Errorf("after the migration: %v", err)
	}
}

func TestMigrationsHaveAStatusAndRunOnce(t *testing.T) {
	owner, _ := dbtest.Empty(t)
	m := migrator(t, owner)
	ctx := context.Background()
	before, err := m.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done, err := m.Up(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(before) == 0 || len(done) != len(before) {
		t.Fatalf("%d were pending, %d were applied", len(before), len(done))
	}
	for i, s := range before {
		if s.Applied || i > 0 && s.Version <= before[i-1].Version || s.Name == "" {
			t.Errorf("before: %+v", s)
		}
		if want := (db.Migration{Version: s.Version, Name: s.Name, Applied: true}); done[i] != want {
			t.Errorf("applied %+v, want %+v", done[i], want)
		}
	}
	after, err := m.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range after {
		if !s.Applied {
			t.Errorf("after: %+v", s)
		}
	}
	again, err := m.Up(ctx)
	if err != nil || len(again) != 0 {
		t.Errorf("the second time: %v, %v", again, err)
	}
}

func TestTheSchemaOfAnotherProgramIsRefused(t *testing.T) {
	d := dbtest.New(t)
	m := migrator(t, d.OwnerURL)
	ctx := context.Background()
	if err := d.CheckSchema(ctx); err != nil {
		t.Fatalf("the same schema: %v", err)
	}
	d.OwnerExec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
	if err := d.CheckSchema(ctx); !errors.Is(err, db.ErrSchemaNewer) {
		t.Errorf("a newer schema: %v", err)
	}
	if _, err := m.Up(ctx); !errors.Is(err, db.ErrSchemaNewer) {
		t.Errorf("migrating a newer schema: %v", err)
	}
	d.OwnerExec(t, "DELETE FROM goose_db_version WHERE version_id >= (SELECT max(version_id) FROM goose_db_version WHERE version_id < 9999)")
	if err := d.CheckSchema(ctx); !errors.Is(err, db.ErrSchemaOlder) {
		t.Errorf("an older schema: %v", err)
	}
}

func TestTheSchemasSumIsStable(t *testing.T) {
	a, err := db.SchemaSum()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := db.SchemaSum(); err != nil || a != b || len(a) != 64 {
		t.Errorf("%q then %q (%v)", a, b, err)
	}
}
