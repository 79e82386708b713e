package localstack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	superuser = "postgres"
	// postgresPort only names the socket: the server listens on no network.
	postgresPort   = "5432"
	postgresSocket = ".s.PGSQL." + postgresPort

	readyTimeout   = 30 * time.Second
	connectTimeout = 5 * time.Second
	// recoveryTimeout replaces readyTimeout while the server says that it
	// replays its log: giving up would only make the next start repeat that.
	recoveryTimeout = 5 * time.Minute

	codeCannotConnectNow = "57P03"
)

// errOtherServer means that the socket belongs to another data directory.
var errOtherServer = errors.New("another PostgreSQL answers")

// postgres is the one server of a data directory.
type postgres struct {
	home *home
	log  *slog.Logger
	// dir is its data, pg-<major>, chosen once.
	dir     string
	major   int
	version string
}

// ensure adopts the running server or starts one, and returns when it answers.
// It runs under the transition lock. A later call brings back a server that died.
func (p *postgres) ensure(ctx context.Context) error {
	if p.dir == "" {
		var err error
		if p.dir, p.major, err = p.home.newestCluster(); err != nil {
			return err
		}
	}
	if postmaster(p.dir) != 0 {
		err := p.waitReady(ctx, nil)
		if postmaster(p.dir) != 0 {
			return err
		}
	}
	bin, err := p.home.findBinaries(ctx, p.major, p.log)
	if err != nil {
		return err
	}
	if p.dir == "" {
		p.log.Info("setting up PostgreSQL for the first time", "version", bin.version, "dir", p.home.root)
		if p.dir, err = p.home.initdb(ctx, bin); err != nil {
			return err
		}
		p.major = bin.major
	}
	return p.run(ctx, bin)
}

// run starts the server. Backends that outlived a killed postmaster need a
// moment before their memory is free; only then does a new one start.
func (p *postgres) run(ctx context.Context, bin binaries) error {
	if err := p.clearStale(); err != nil {
		return err
	}
	for until := time.Now().Add(readyTimeout); ; {
		c, err := p.home.launch("postgres", filepath.Join(bin.dir, "postgres"), p.arguments()...)
		if err != nil {
			return err
		}
		err = p.waitReady(ctx, c)
		inUse := err != nil && c.ended() && strings.Contains(c.output(), "pre-existing shared memory block")
		if !inUse || time.Now().After(until) {
			return err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (p *postgres) arguments() []string {
	// The setting is a list: quoting lets a path contain anything.
	run := `"` + strings.ReplaceAll(p.home.run, `"`, `""`) + `"`
	args := []string{"-D", p.dir}
	for _, setting := range []string{
		"listen_addresses=", "port=" + postgresPort, "unix_socket_directories=" + run, "unix_socket_permissions=0700",
		"shared_buffers=128MB", "max_connections=100", "logging_collector=off", "log_destination=stderr", "fsync=on",
	} {
		args = append(args, "-c", setting)
	}
	return args
}

// clearStale removes what a killed server left and a new one would stumble over.
func (p *postgres) clearStale() error {
	socket := filepath.Join(p.home.run, postgresSocket)
	for _, path := range []string{socket, socket + ".lock"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return p.home.explain(err)
		}
	}
	// The number in the pid file may be a stranger's by now, and PostgreSQL would
	// refuse to start. Our own number it ignores, being our child, while it still
	// checks the shared memory that the file names; so the file stays.
	path := filepath.Join(p.dir, "postmaster.pid")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return p.home.explain(err)
	}
	_, rest, _ := strings.Cut(string(data), "\n")
	return p.home.explain(os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600))
}

// waitReady returns when the server answers. c is nil for an adopted server.
func (p *postgres) waitReady(ctx context.Context, c *child) error {
	log, offset := p.home.path(logDir, "postgres.log"), int64(0)
	if c != nil {
		log, offset = c.log, c.offset
	}
	begun, limit := time.Now(), readyTimeout
	for {
		version, err := p.connect(ctx)
		if err == nil {
			p.version = version
			return nil
		}
		var refused *pgconn.PgError
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("wait for PostgreSQL: %w", ctx.Err())
		case errors.Is(err, errOtherServer):
			return err
		case (c == nil || c.ended()) && postmaster(p.dir) == 0:
			return p.home.failed("PostgreSQL in "+p.dir+" ended while it started", tail(log, offset))
		case errors.As(err, &refused) && refused.Code == codeCannotConnectNow && limit < recoveryTimeout:
			limit = recoveryTimeout
			p.log.Info("PostgreSQL is starting up", "dir", p.dir)
		case time.Since(begun) > limit:
			what := fmt.Sprintf("PostgreSQL in %s did not answer for %s (%v): run payaid stop, then start again", p.dir, limit, err)
			return p.home.failed(what, tail(log, offset))
		}
		if err := sleep(ctx, processPoll); err != nil {
			return err
		}
	}
}

// connect asks the server for its version over a real connection.
func (p *postgres) connect(ctx context.Context) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL(p.home.run, superuser, superuser))
	if err != nil {
		return "", fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var dir string
	const q = `select split_part(current_setting('server_version'), ' ', 1), current_setting('data_directory')`
	if err := conn.QueryRow(ctx, q).Scan(&version, &dir); err != nil {
		return "", fmt.Errorf("ask PostgreSQL for its version: %w", err)
	}
	if dir != p.dir {
		return "", fmt.Errorf("%w: the server at %s keeps its data in %s instead of %s; end it, then start again", errOtherServer, p.home.run, dir, p.dir)
	}
	return version, nil
}

func databaseURL(run, role, database string) string {
	q := url.Values{"host": {run}, "port": {postgresPort}, "sslmode": {"disable"}}
	// PostgreSQL's URLs know %20 but not the + of web forms.
	query := strings.ReplaceAll(q.Encode(), "+", "%20")
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: query}
	return u.String()
}

// postmaster is the process id of the server of a cluster, 0 when none runs.
func postmaster(dir string) int {
	if dir == "" {
		return 0
	}
	return pidOf(filepath.Join(dir, "postmaster.pid"), dir)
}

// pidOf reads a pid file; 0 when its process is gone or is not the one with mark.
func pidOf(file, mark string) int {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(data), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid <= 0 || !isProcess(pid, mark) {
		return 0
	}
	return pid
}

// stopPostgres ends the server and reports whether one ran. Fast shutdown lets
// no client finish but loses nothing; the harsher signals are for a server that hangs.
func stopPostgres(ctx context.Context, h *home) (bool, error) {
	dir, _, err := h.newestCluster()
	if err != nil {
		return false, err
	}
	pid := postmaster(dir)
	if pid == 0 {
		return false, nil
	}
	e := escalation{{syscall.SIGINT, 20 * time.Second}, {syscall.SIGQUIT, 10 * time.Second}, {syscall.SIGKILL, 5 * time.Second}}
	if err := e.end(ctx, pid, func() bool { return isProcess(pid, dir) }); err != nil {
		return true, fmt.Errorf("PostgreSQL in %s: %w", dir, err)
	}
	return true, nil
}
