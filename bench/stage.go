package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/localstack"
)

// stage is what the lines are measured on: PayAid twice, with its cache and without,
// and the raw server, each a process of its own on one PostgreSQL and one Redis.
type stage struct {
	dir, program   string
	cached, bare   *process
	raw            *process
	meter          meter
	ownerURL       string
	backupURL      string
	redisURL       string
	tenant         uuid.UUID
	key            string
	cookies, ids   []string
	deepest        string
	idleMiB        float64
	afterLoadMiB   float64
	afterLoadConns int
}

const (
	slug     = "bench"
	sessions = 300
	// rate is high enough to refuse nobody; the limit is counted all the same.
	rate = "PAYAID_REQUEST_RATE=6000000"
)

// settled is how long an empty Redis keeps nothing, and a process that has just
// started has more memory than it needs.
const settled = 25 * time.Second

// newStage builds the program, fills a business with n contacts unless the directory
// has them from an earlier run, and starts everything.
func newStage(ctx context.Context, dir string, n int) (s *stage, err error) {
	s = &stage{dir: dir, program: filepath.Join(dir, "payaid")}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if _, err := run(ctx, nil, "go", "build", "-o", s.program, "./cmd/web"); err != nil {
		return s, err
	}
	if s.cached, err = s.serve(ctx); err != nil {
		return s, err
	}
	if err := s.fill(ctx, n); err != nil {
		return s, err
	}
	dead := "PAYAID_REDIS_CACHE_URL=unix://" + filepath.Join(dir, "nobody.sock")
	if s.bare, err = s.serve(ctx, dead); err != nil {
		return s, err
	}
	time.Sleep(settled)
	if s.idleMiB, err = resident(s.bare.pid()); err != nil { // which has not been asked anything
		return s, err
	}
	if s.meter.postgres, err = pidIn(s.find("data", "pg-*", "postmaster.pid")); err != nil {
		return s, err
	}
	if s.meter.redis, err = pidIn(filepath.Join(dir, "data", "redis", "redis.pid")); err != nil {
		return s, err
	}
	return s, s.startRaw(ctx)
}

func (s *stage) find(parts ...string) string {
	found, err := filepath.Glob(filepath.Join(append([]string{s.dir}, parts...)...))
	if err != nil || len(found) != 1 {
		return ""
	}
	return found[0]
}

func (s *stage) env() []string {
	return []string{"PAYAID_DATA_DIR=" + filepath.Join(s.dir, "data"), rate}
}

// serve starts PayAid on a free port.
func (s *stage) serve(ctx context.Context, env ...string) (*process, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	return start(ctx, s.program, []string{"serve"}, append(append(s.env(), "PAYAID_ADDR="+addr), env...), addr, "/readyz")
}

// fill makes the business with its contacts, a key and sessions.
func (s *stage) fill(ctx context.Context, n int) error {
	verb := func(args ...string) (string, error) { return run(ctx, s.env(), s.program, args...) }
	list, err := verb("tenant", "list")
	if err != nil {
		return err
	}
	if !strings.Contains("\n"+list, "\n"+slug+"\t") {
		if _, err := verb("tenant", "create", "--slug", slug, "--name", "Bench"); err != nil {
			return err
		}
		if _, err := verb("seed", "--tenant", slug, "--contacts", fmt.Sprint(n)); err != nil {
			return err
		}
	}
	if s.key, err = verb("apikey", "create", "--tenant", slug, "--name", "bench "+time.Now().Format(time.RFC3339Nano), "--role", "admin"); err != nil {
		return err
	}
	s.key = strings.TrimSpace(s.key)
	cookies := filepath.Join(s.dir, "cookies.txt")
	if _, err := verb("seed", "--tenant", slug, "--sessions", fmt.Sprint(sessions), "--cookies", cookies); err != nil {
		return err
	}
	if s.cookies, err = linesOf(cookies); err != nil {
		return err
	}
	return s.prepare(ctx)
}

// prepare finds what the lines need to know, and makes the table that they search in
// with plain means.
func (s *stage) prepare(ctx context.Context) error {
	stack, err := localstack.Start(ctx, localstack.Options{DataDir: filepath.Join(s.dir, "data")})
	if err != nil {
		return err
	}
	defer func() { _ = stack.Close() }() // the servers stay: others use them
	s.backupURL = stack.DatabaseURL(db.RoleBackup, "payaid")
	s.ownerURL, s.redisURL = stack.DatabaseURL(db.RoleOwner, "payaid"), stack.RedisURL(0)
	conn, err := pgx.Connect(ctx, s.ownerURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := conn.QueryRow(ctx, "SELECT id FROM tenants WHERE slug = $1", slug).Scan(&s.tenant); err != nil {
		return err
	}
	rows, err := conn.Query(ctx, "SELECT id::text FROM contacts WHERE tenant_id = $1 AND deleted_at IS NULL LIMIT 1000", s.tenant)
	if err != nil {
		return err
	}
	if s.ids, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return err
	}
	if err := s.findDeepest(ctx, conn); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `CREATE TABLE IF NOT EXISTS bench_ilike AS SELECT tenant_id, id, name, email FROM contacts WHERE tenant_id = '`+s.tenant.String()+`';
		CREATE INDEX IF NOT EXISTS bench_ilike_idx ON bench_ilike USING gin (name gin_trgm_ops, email gin_trgm_ops);
		ANALYZE bench_ilike`)
	if err != nil {
		return err
	}
	return db.VacuumAnalyze(ctx, s.ownerURL, "contacts") // an earlier run may have written a lot
}

// findDeepest makes the cursor of the last page by name: before it stand all other
// contacts.
func (s *stage) findDeepest(ctx context.Context, conn *pgx.Conn) error {
	c := db.Cursor{Sort: "name"}
	err := conn.QueryRow(ctx, "SELECT sort_name, id FROM contacts WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY sort_name DESC, id DESC OFFSET 51 LIMIT 1", s.tenant).Scan(&c.Value, &c.ID)
	s.deepest = c.String()
	return err
}

// startRaw keeps what PayAid answers for the raw server and starts it, this same
// program in another process.
func (s *stage) startRaw(ctx context.Context) error {
	for name, path := range map[string]string{listBody: "/api/v1/contacts?limit=50", contactBody: "/api/v1/contacts/" + s.ids[0]} {
		body, err := s.fetch(ctx, path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.dir, name), body, 0o600); err != nil {
			return err
		}
	}
	addr, err := freeAddr(ctx)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	env := []string{rawAddr + "=" + addr, rawDB + "=" + s.ownerURL, rawRedis + "=" + s.redisURL, rawBodies + "=" + s.dir, rawTenant + "=" + s.tenant.String()}
	s.raw, err = start(ctx, self, nil, env, addr, "/ready")
	return err
}

func (s *stage) fetch(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cached.base+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || !json.Valid(body)) {
		err = fmt.Errorf("%s answered %s: %.300s", path, res.Status, body)
	}
	return body, err
}

// close stops what was started, the servers with the last PayAid.
func (s *stage) close() error {
	return errors.Join(s.raw.stop(), s.bare.stop(), s.cached.stop())
}

// run returns what a program prints.
func run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

func linesOf(path string) ([]string, error) {
	f, err := os.Open(path) //nolint:gosec // a file of this run
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var out []string
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		out = append(out, scan.Text())
	}
	return out, scan.Err()
}
