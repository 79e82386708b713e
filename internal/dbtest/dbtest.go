// Package dbtest gives each test a migrated PostgreSQL database of its own, on a
// real server that the first test starts and the last one stops.
//
// It uses the same three roles as production: what a test gets is bound by row
// level security.
package dbtest

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/localstack"
)

// Database is one test's database.
type Database struct {
	*db.DB           // as payaid_app
	AppURL    string // the same, for another pool
	OwnerURL  string // as payaid_owner, which sees every row
	BackupURL string
}

var server struct {
	sync.Mutex
	stack    *localstack.Stack
	template string
}

// Main runs a package's tests and then leaves the server; call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	server.Lock()
	defer server.Unlock()
	if server.stack != nil {
		if err := server.stack.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the test server:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code) //nolint:gocritic // the deferred unlock protects nothing after this
}

// New makes a database from the migrated template; it is dropped after the test.
func New(t testing.TB) *Database {
	t.Helper()
	stack, template := start(t)
	return newOn(t, stack, template)
}

func newOn(t testing.TB, stack *localstack.Stack, template string) *Database {
	t.Helper()
	ctx := context.Background()
	name := "t_" + strconv.Itoa(os.Getpid()) + "_" + hex.EncodeToString(uuid.New().NodeID())
	super(t, stack, "CREATE DATABASE "+name+" TEMPLATE "+template+" OWNER "+db.RoleOwner)
	d := &Database{
		AppURL:    stack.DatabaseURL(db.RoleApp, name),
		OwnerURL:  stack.DatabaseURL(db.RoleOwner, name),
		BackupURL: stack.DatabaseURL(db.RoleBackup, name),
	}
	pool, err := db.Open(ctx, d.AppURL, db.Options{MaxConns: 8, AcquireTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	d.DB = pool
	t.Cleanup(func() {
		pool.Close()
		super(t, stack, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	return d
}

// Empty makes a database without any schema, for tests of the migrations.
func Empty(t testing.TB) (ownerURL, appURL string) {
	t.Helper()
	stack, _ := start(t)
	name := "e_" + strconv.Itoa(os.Getpid()) + "_" + hex.EncodeToString(uuid.New().NodeID())
	super(t, stack, "CREATE DATABASE "+name+" OWNER "+db.RoleOwner)
	t.Cleanup(func() { super(t, stack, "DROP DATABASE "+name+" WITH (FORCE)") })
	return stack.DatabaseURL(db.RoleOwner, name), stack.DatabaseURL(db.RoleApp, name)
}

// OwnerExec runs SQL past row level security, to arrange what a test needs.
func (d *Database) OwnerExec(t testing.TB, sql string, args ...any) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, d.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func start(t testing.TB) (*localstack.Stack, string) {
	t.Helper()
	server.Lock()
	defer server.Unlock()
	if server.stack != nil {
		return server.stack, server.template
	}
	ctx := context.Background()
	dir := filepath.Join(os.TempDir(), "payaid-test-"+strconv.Itoa(os.Getuid()))
	stack, err := localstack.Start(ctx, localstack.Options{DataDir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("start the test servers: %v", err)
	}
	// Test data may be lost in a power cut; half the time of a run is fsync.
	super(t, stack, "ALTER SYSTEM SET fsync = off")
	super(t, stack, "SELECT pg_reload_conf()")
	template, err := ensureTemplate(ctx, stack)
	if err != nil {
		t.Fatalf("make the template database: %v", err)
	}
	server.stack, server.template = stack, template
	return stack, template
}

// ensureTemplate migrates one database for each state of the migrations, once for
// all processes that run tests.
func ensureTemplate(ctx context.Context, stack *localstack.Stack) (string, error) {
	sum, err := db.SchemaSum()
	if err != nil {
		return "", err
	}
	name := "template_" + sum[:12]
	conn, err := pgx.Connect(ctx, stack.SuperuserURL())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext('payaid.dbtest'))"); err != nil {
		return "", err
	}
	var ready bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&ready); err != nil || ready {
		return name, err
	}
	building := name + "_building"
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+building+" WITH (FORCE)"); err != nil {
		return "", err
	}
	if err := db.EnsureDatabase(ctx, stack.SuperuserURL(), building); err != nil {
		return "", err
	}
	m, err := db.OpenMigrator(ctx, stack.DatabaseURL(db.RoleOwner, building))
	if err != nil {
		return "", err
	}
	_, err = m.Up(ctx)
	if cerr := m.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+building+" RENAME TO "+name)
	return name, err
}

func super(t testing.TB, stack *localstack.Stack, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, stack.SuperuserURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
