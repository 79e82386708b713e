package walarchive

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	recoverPrefix = "recover-"
	recoverPoll   = 100 * time.Millisecond
	// recoverPort only names the socket: the server listens on no network.
	recoverPort = "5432"
)

// Recovery says what is to be recovered.
type Recovery struct {
	To       time.Time
	Zone     *time.Location // of the sentences; UTC when nil
	Role     string         // that asks the server whether it is there
	Database string
	Say      func(format string, args ...any) error // told each step
}

// Instance is a throw-away server that stands still at a moment and can only be read.
type Instance struct {
	Base Base

	a      *Archive
	dir    string
	server *exec.Cmd
	log    *os.File
	exited chan struct{}
	feeder *feeder
}

// Find returns the base backup from which a moment is recovered, or ErrOutside.
func (a *Archive) Find(ctx context.Context, to time.Time, zone *time.Location) (Base, error) {
	r, err := a.find(ctx, to, zone)
	return r.base, err
}

// Recover makes a server as everything was at a moment. A moment that cannot be
// recovered, and what no key at hand opens, is refused before any work. Close ends it and leaves
// nothing behind; so does Sweep after a process that was killed.
func (a *Archive) Recover(ctx context.Context, r Recovery) (_ *Instance, err error) {
	base, err := a.Find(ctx, r.To, r.Zone)
	if err != nil {
		return nil, err
	}
	if err := a.o.Seal.Opens(base.Recipients); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(a.o.Dir, 0o711); err != nil {
		return nil, fmt.Errorf("place for the recovery: %w", err)
	}
	dir, err := os.MkdirTemp(a.o.Dir, recoverPrefix)
	if err != nil {
		return nil, fmt.Errorf("place for the recovery: %w", err)
	}
	i := &Instance{Base: base, a: a, dir: dir, exited: make(chan struct{})}
	defer func() {
		if err != nil {
			i.Close()
		}
	}()
	if err := r.Say("unpacking the base backup of %s, %d bytes", base.FinishedAt.Format(time.RFC3339), base.Bytes); err != nil {
		return nil, err
	}
	if err := a.unpack(ctx, base, i.data()); err != nil {
		return nil, err
	}
	if err := i.configure(r.To); err != nil {
		return nil, fmt.Errorf("prepare the recovery: %w", err)
	}
	if err := i.check(ctx); err != nil {
		return nil, err
	}
	if err := r.Say("every file is as it was; replaying the write-ahead log until %s", r.To.Format(time.RFC3339)); err != nil {
		return nil, err
	}
	if err := i.start(ctx); err != nil {
		return nil, err
	}
	return i, i.wait(ctx, r)
}

func (i *Instance) data() string { return filepath.Join(i.dir, "data") }
func (i *Instance) wal() string  { return filepath.Join(i.dir, "wal") }

// URL is the server's address for a role and a database.
func (i *Instance) URL(role, database string) string {
	q := url.Values{"host": {i.dir}, "port": {recoverPort}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return u.String()
}

// configure writes all settings anew: those of the original may name files that are
// not here, and would archive, listen and load libraries.
func (i *Instance) configure(to time.Time) error {
	if err := os.Mkdir(i.wal(), 0o700); err != nil {
		return err
	}
	settings := [][2]string{
		{"listen_addresses", ""}, {"port", recoverPort}, {"unix_socket_directories", `"` + i.dir + `"`}, {"unix_socket_permissions", "0700"},
		{"hba_file", filepath.Join(i.dir, "hba")}, {"ident_file", filepath.Join(i.dir, "ident")}, {"ssl", "off"},
		{"logging_collector", "off"}, {"log_destination", "stderr"}, {"lc_messages", "C"}, {"hot_standby", "on"}, {"archive_mode", "off"},
		// It is thrown away, and made again after a crash.
		{"fsync", "off"}, {"full_page_writes", "off"}, {"shared_buffers", "64MB"}, {"max_wal_size", "4GB"},
		{"restore_command", `sh "` + filepath.Join(i.dir, "fetch.sh") + `" "%f" "%p"`},
		{"recovery_target_time", to.UTC().Format("2006-01-02 15:04:05.999999") + "+00"}, {"recovery_target_action", "pause"},
		{"recovery_target_inclusive", "on"}, {"recovery_target_timeline", "latest"},
	}
	for name, value := range i.Base.Settings {
		settings = append(settings, [2]string{name, value})
	}
	var conf strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&conf, "%s = '%s'\n", s[0], strings.ReplaceAll(s[1], "'", "''"))
	}
	for path, text := range map[string]string{
		filepath.Join(i.dir, "conf"): conf.String(), filepath.Join(i.dir, "hba"): "local all all trust\n", filepath.Join(i.dir, "ident"): "",
		filepath.Join(i.dir, "fetch.sh"): fetchScript, filepath.Join(i.data(), "postgresql.auto.conf"): "", filepath.Join(i.data(), "recovery.signal"): "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(i.data(), "pg_wal"), 0o700)
}

// check has PostgreSQL compare every file with its own manifest.
func (i *Instance) check(ctx context.Context) error {
	path, err := i.a.o.Find(ctx, "pg_verifybackup", i.Base.Major)
	if err != nil {
		return err
	}
	// What we wrote is not in the manifest; without the log, which comes later.
	cmd := exec.CommandContext(ctx, path, "--no-parse-wal", "--quiet", "--exit-on-error",
		"--ignore=postgresql.auto.conf", "--ignore=recovery.signal", i.data())
	cmd.Env = programEnv()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: base backup %s: pg_verifybackup: %s", ErrDamaged, i.Base.ID, strings.TrimSpace(string(out)))
	}
	return nil
}

func (i *Instance) start(ctx context.Context) (err error) {
	path, err := i.a.o.Find(ctx, "postgres", i.Base.Major)
	if err != nil {
		return err
	}
	if i.log, err = os.Create(filepath.Join(i.dir, "log")); err != nil {
		return err
	}
	// It ends with Close, not with ctx.
	i.server = exec.CommandContext(context.WithoutCancel(ctx), path, "-D", i.data(), "-c", "config_file="+filepath.Join(i.dir, "conf"))
	i.server.Env, i.server.Stdout, i.server.Stderr = programEnv(), i.log, i.log
	if i.a.o.Unprivileged != nil {
		if err := i.a.o.Unprivileged(i.dir, i.server); err != nil {
			return err
		}
	}
	if err := i.server.Start(); err != nil {
		return fmt.Errorf("start the recovery: %w", err)
	}
	go func() {
		_ = i.server.Wait() // the log says why
		close(i.exited)
	}()
	i.feeder = i.feed(ctx)
	return nil
}

// wait returns when the server stands still at the moment.
func (i *Instance) wait(ctx context.Context, r Recovery) error {
	for {
		paused, err := i.paused(ctx, r)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case i.feeder.problem() != nil:
			return i.feeder.problem()
		case paused:
			return i.standsAt(ctx, r)
		}
		select {
		case <-i.exited:
			if err := i.feeder.problem(); err != nil {
				return err
			}
			return fmt.Errorf("the recovery ended before it was at %s: %s (%w)", r.To.Format(time.RFC3339), i.says(), errors.Join(err, ErrDamaged))
		case <-ctx.Done():
		case <-time.After(recoverPoll):
		}
	}
}

func (i *Instance) paused(ctx context.Context, r Recovery) (bool, error) {
	conn, err := pgx.Connect(ctx, i.URL(r.Role, r.Database))
	if err != nil {
		return false, err // not consistent yet, most likely
	}
	defer func() { _ = conn.Close(ctx) }()
	var state string
	err = conn.QueryRow(ctx, "SELECT pg_get_wal_replay_pause_state()").Scan(&state)
	return state == "paused", err
}

// standsAt refuses a server that stopped for another reason.
func (i *Instance) standsAt(ctx context.Context, r Recovery) error {
	if says := i.says(); !strings.Contains(says, "recovery stopping") {
		return fmt.Errorf("the recovery stopped before it was at %s: %s", r.To.Format(time.RFC3339), says)
	}
	return r.Say("the server stands at %s, after %d segments of the write-ahead log", r.To.Format(time.RFC3339), i.feeder.count())
}

// says are the last words of the server.
func (i *Instance) says() string {
	data, err := os.ReadFile(filepath.Join(i.dir, "log"))
	if err != nil {
		return err.Error()
	}
	l := &lastBytes{}
	_, _ = l.Write(data) // never fails
	return l.words()
}

// Close ends the server and removes all of it.
func (i *Instance) Close() {
	if i.server != nil && i.server.Process != nil {
		_ = i.server.Process.Signal(syscall.SIGQUIT) // it may have ended
		select {
		case <-i.exited:
		case <-time.After(10 * time.Second):
			_ = i.server.Process.Kill()
			<-i.exited
		}
	}
	if i.feeder != nil {
		i.feeder.stop()
	}
	if i.log != nil {
		_ = i.log.Close() // it goes now
	}
	if err := os.RemoveAll(i.dir); err != nil {
		i.a.o.Log.Warn("what is left of a recovery goes with the next one", "dir", i.dir, "err", err)
	}
}
