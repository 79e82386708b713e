// Package localstack is the embedded default: it finds or starts PostgreSQL and
// a Redis-compatible server that belong to one data directory, so that PayAid
// runs with nothing configured.
//
// The servers are detached and shared: every process that calls Start on the
// same data directory uses the same ones, and the last to leave stops them. The
// package knows no schema, no roles and no business.
package localstack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ErrNotRunning is returned by Stop when no server of the data directory ran.
var ErrNotRunning = errors.New("nothing is running in this data directory")

const (
	// transitionFile is locked while servers are started or stopped.
	transitionFile = "transition.lock"
	// usersFile carries one shared lock for each process that uses the servers.
	usersFile = "users.lock"
	// stoppedFile tells supervisors that Stop ended the servers on purpose.
	stoppedFile = "stopped"

	closeTimeout = time.Minute
)

// Options says where the embedded stack lives.
type Options struct {
	// DataDir holds everything; it is created when missing.
	DataDir string
	// Log receives what happens to the servers; nil discards it.
	Log *slog.Logger
}

// Stack is this process's use of the servers of one data directory.
type Stack struct {
	home   *home
	log    *slog.Logger
	users  *lock
	secret string

	// mu orders the supervisor's repairs and Close.
	mu     sync.Mutex
	closed bool
	pg     *postgres
	redis  *redis
}

// Start finds the running servers of opt.DataDir or starts them, and registers
// this process as a user until Close. Any number of processes may call it at
// once. Errors are sentences for the person at the terminal.
func Start(ctx context.Context, opt Options) (*Stack, error) {
	log := opt.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	h, err := openHome(opt.DataDir)
	if err != nil {
		return nil, err
	}
	transition, err := h.lockTransition(ctx, log)
	if err != nil {
		return nil, err
	}
	defer transition.release()

	s := &Stack{home: h, log: log, pg: &postgres{home: h, log: log}, redis: &redis{home: h, log: log}}
	if s.users, err = h.openLock(usersFile); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		// The caller's context may be the very reason; the clean-up must still run.
		return nil, errors.Join(err, s.leave(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// start runs under the transition lock.
func (s *Stack) start(ctx context.Context) error {
	if err := s.users.shared(); err != nil {
		return err
	}
	if err := s.home.settle(); err != nil {
		return err
	}
	if err := os.Remove(s.home.path(stoppedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.home.explain(err)
	}
	var err error
	if s.secret, err = s.home.secretKey(); err != nil {
		return err
	}
	if err := s.pg.ensure(ctx); err != nil {
		return err
	}
	return s.redis.ensure(ctx)
}

// Close ends this process's use. The last user stops PostgreSQL and
// redis-server; otherwise they stay for the others. A second Close does nothing.
func (s *Stack) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	transition, err := s.home.lockTransition(ctx, s.log)
	if err != nil {
		// The kernel forgets the locks and a later Start finds the servers.
		s.redis.endInProcess()
		s.users.release()
		return err
	}
	defer transition.release()
	return s.leave(ctx)
}

// leave runs under the transition lock and always gives up the user's lock.
func (s *Stack) leave(ctx context.Context) error {
	defer s.users.release()
	s.redis.endInProcess()
	last, err := s.users.tryExclusive()
	if err != nil || !last {
		return err
	}
	_, err = stopServers(ctx, s.home)
	return err
}

// Stop ends the servers of dataDir, whoever uses them, and keeps supervisors
// from bringing them back until the next Start. It returns ErrNotRunning when
// there was nothing to end. An in-process Redis ends only with its process.
func Stop(ctx context.Context, dataDir string) error {
	// A mistyped directory must not be filled with our files.
	if _, err := os.Stat(filepath.Join(dataDir, transitionFile)); errors.Is(err, fs.ErrNotExist) {
		return ErrNotRunning
	}
	h, err := openHome(dataDir)
	if err != nil {
		return err
	}
	transition, err := h.lockTransition(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer transition.release()
	if err := h.writeFile(stoppedFile, nil); err != nil {
		return err
	}
	ran, err := stopServers(ctx, h)
	if err == nil && !ran {
		return ErrNotRunning
	}
	return err
}

// stopServers reports whether anything ran. It tries both servers.
func stopServers(ctx context.Context, h *home) (bool, error) {
	pgRan, pgErr := stopPostgres(ctx, h)
	redisRan, redisErr := stopRedis(ctx, h)
	if filepath.Dir(h.run) != h.root {
		_ = os.Remove(h.run) // Only when it is empty; another start makes it again.
	}
	return pgRan || redisRan, errors.Join(pgErr, redisErr)
}

// SuperuserURL connects as PostgreSQL's superuser to the database postgres.
func (s *Stack) SuperuserURL() string { return s.DatabaseURL(superuser, superuser) }

// DatabaseURL connects as role to database, over the private socket. Neither
// has to exist yet.
func (s *Stack) DatabaseURL(role, database string) string {
	return databaseURL(s.home.run, role, database)
}

// RedisURL names Redis database number db. It stays the same while the stack is
// open, also when the server was replaced.
func (s *Stack) RedisURL(db int) string { return s.redis.at.url(db) }

// RedisInProcess reports whether Redis lives inside a payaid process (this or
// another one) and so forgets its sessions when that process ends.
func (s *Stack) RedisInProcess() bool { return s.redis.at.inProcess() }

// SecretKey is the data directory's own secret: 32 random bytes as hex.
func (s *Stack) SecretKey() string { return s.secret }

// Summary is one line for the start-up message.
func (s *Stack) Summary() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("PostgreSQL %s in %s, %s", s.pg.version, s.pg.dir, s.redis.summary())
}
