package dbtest

import (
	"context"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"

	"payaid/internal/localstack"
)

// Server is a database server of one test alone, for what would disturb the others:
// other settings, a standby, a full disk.
type Server struct {
	Dir      string // of its data
	stack    *localstack.Stack
	template string
}

// NewServer starts a server in dir with settings such as "wal_level = replica"; it
// stops after the test.
func NewServer(t testing.TB, dir string, settings ...string) *Server {
	t.Helper()
	s := &Server{Dir: dir}
	s.start(t)
	t.Cleanup(func() {
		if err := s.stack.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, setting := range append(settings, "fsync = off") {
		super(t, s.stack, "ALTER SYSTEM SET "+setting)
	}
	s.Restart(t, func() {})
	var err error
	if s.template, err = ensureTemplate(t.Context(), s.stack); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	var err error
	if s.stack, err = localstack.Start(context.Background(), localstack.Options{DataDir: s.Dir, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
}

// Restart stops the server, does what is to be done meanwhile, and starts it again.
func (s *Server) Restart(t testing.TB, meanwhile func()) {
	t.Helper()
	if err := s.stack.Close(); err != nil {
		t.Fatal(err)
	}
	meanwhile()
	s.start(t)
}

// New makes a database as New does, on this server.
func (s *Server) New(t testing.TB) *Database {
	t.Helper()
	return newOn(t, s.stack, s.template)
}

// SuperuserURL is the address of the server as its superuser.
func (s *Server) SuperuserURL() string { return s.stack.SuperuserURL() }

// Column asks url for the first column of every row.
func Column[T any](t testing.TB, url, sql string, args ...any) []T {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}
