package walarchive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server whose log is kept.
type Server struct {
	URL      string
	Address  string // for PostgreSQL's own programs, without the password
	Password string

	System      string // identifier of the cluster
	Major       int
	SegmentSize int64 // in bytes
	// Settings are those that a server must have at least which replays the log.
	Settings map[string]string
}

// replaySettings are compared by a server that is recovered and can be read.
const replaySettings = "'max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions', 'max_locks_per_transaction'"

// Identify asks the server at url, which names its database postgres, what it is. It
// returns ErrRefused when the role may not read the log. address and password are the
// same for PostgreSQL's own programs.
func Identify(ctx context.Context, url, address, password string) (Server, error) {
	s := Server{URL: url, Address: address, Password: password}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return s, fmt.Errorf("connect to the server whose log is kept: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var role string
	var replicates, switches bool
	var version int
	err = conn.QueryRow(ctx, `SELECT rolname, rolreplication OR rolsuper, has_function_privilege('pg_switch_wal()', 'EXECUTE'), current_setting('server_version_num')::int,
		(SELECT system_identifier::text FROM pg_control_system()), pg_size_bytes(current_setting('wal_segment_size')),
		(SELECT jsonb_object_agg(name, setting) FROM pg_settings WHERE name IN (`+replaySettings+`))
		FROM pg_roles WHERE rolname = current_user`).Scan(&role, &replicates, &switches, &version, &s.System, &s.SegmentSize, &s.Settings)
	if err != nil {
		return s, fmt.Errorf("ask the server whose log is kept: %w", err)
	}
	if !replicates {
		return s, fmt.Errorf("%w: the role %s may not read the write-ahead log: as a superuser ALTER ROLE %s REPLICATION, and let it in with a line for replication in pg_hba.conf (docs/backup.md)", ErrRefused, role, role)
	}
	if !switches {
		return s, fmt.Errorf("%w: the role %s may not finish a segment of the write-ahead log: as a superuser, in the database postgres, GRANT EXECUTE ON FUNCTION pg_switch_wal() TO %s", ErrRefused, role, role)
	}
	s.Major = version / 10000
	return s, nil
}

// clock is the time on the server, which commits are stamped with.
func (s Server) clock(ctx context.Context) (time.Time, error) {
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = conn.Close(ctx) }()
	var now time.Time
	err = conn.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&now)
	return now.UTC(), err
}

// command is one of PostgreSQL's own programs of the server's version, connecting to it
// where connects is true.
func (a *Archive) command(ctx context.Context, s Server, name string, connects bool, args ...string) (*exec.Cmd, *lastBytes, error) {
	path, err := a.o.Find(ctx, name, s.Major)
	if err != nil {
		return nil, nil, err
	}
	if connects {
		args = append([]string{"--no-password", "--dbname=" + s.Address}, args...)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = programEnv()
	if connects && s.Password != "" {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+s.Password)
	}
	cmd.WaitDelay = 10 * time.Second
	said := &lastBytes{}
	cmd.Stderr = said
	return cmd, said, nil
}

var commitTime = regexp.MustCompile(`desc: COMMIT(?:_PREPARED)? (?:\d+: )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? UTC)`)

// lastCommit is the time of the last commit in a segment, zero for none. The last
// record usually goes on in the next segment, which pg_waldump says and which is no
// error here.
func (a *Archive) lastCommit(ctx context.Context, s Server, path string) (time.Time, error) {
	cmd, said, err := a.command(ctx, s, "pg_waldump", false, "--rmgr=Transaction", path)
	if err != nil {
		return time.Time{}, err
	}
	out := &lastBytes{}
	cmd.Stdout = out
	err = cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended || ctx.Err() != nil {
		return time.Time{}, fmt.Errorf("read the times of commits: %w (%s)", err, said.words())
	}
	all := commitTime.FindAllSubmatch(out.Bytes(), -1)
	if len(all) == 0 {
		return time.Time{}, nil
	}
	t, err := time.Parse("2006-01-02 15:04:05 MST", string(bytes.TrimSpace(all[len(all)-1][1])))
	if err != nil {
		return time.Time{}, fmt.Errorf("read the time of a commit: %w", err)
	}
	return t.UTC(), nil
}
