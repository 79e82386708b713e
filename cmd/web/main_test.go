package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// payaid runs one verb with an environment of its own.
func payaid(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	code = run(ctx, args, env, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsedWrongly(t *testing.T) {
	for name, tt := range map[string]struct {
		env  []string
		args []string
		says string
	}{
		"unknown verb":        {nil, []string{"serv"}, "did you mean"},
		"unknown flag":        {nil, []string{"serve", "--port", "1"}, "--port"},
		"missing flag":        {nil, []string{"tenant", "create", "--slug", "x"}, "--name"},
		"unknown role":        {nil, []string{"apikey", "create", "--tenant", "x", "--name", "n", "--role", "king"}, "king"},
		"misspelt variable":   {[]string{"PAYAID_DATA_DRI=/tmp"}, []string{"serve"}, "did you mean PAYAID_DATA_DIR?"},
		"embedded production": {[]string{"PAYAID_ENV=production"}, []string{"serve"}, "PAYAID_DATABASE_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := payaid(t, tt.env, tt.args...)
			last := stderr[strings.LastIndex(strings.TrimSpace(stderr), "\n")+1:]
			if code != exitUsage || !strings.Contains(last, tt.says) {
				t.Errorf("code %d, last line %q, want %q", code, last, tt.says)
			}
		})
	}
}

func TestAdministration(t *testing.T) {
	env := []string{"PAYAID_DATA_DIR=" + t.TempDir()}
	must := func(args ...string) string {
		t.Helper()
		code, out, errs := payaid(t, env, args...)
		if code != exitDone {
			t.Fatalf("%v: code %d: %s", args, code, errs)
		}
		return out
	}
	refused := func(says string, args ...string) {
		t.Helper()
		code, _, errs := payaid(t, env, args...)
		if code != exitFailed || !strings.Contains(errs, says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: code %d, %q, want one line with %q", args, code, errs, says)
		}
	}
	must("tenant", "create", "--slug", "rao", "--name", "Rao Textiles")
	refused("Another business already has this short name", "tenant", "create", "--slug", "rao", "--name", "Again")
	refused("small letters", "tenant", "create", "--slug", "Not A Slug", "--name", "X")
	if out := must("tenant", "list"); !strings.HasPrefix(out, "rao\tactive\t") {
		t.Errorf("tenant list: %q", out)
	}
	if out := must("user", "create", "--email", "asha@example.in", "--tenant", "rao", "--role", "admin"); !strings.Contains(out, "password: ") {
		t.Errorf("user create: %q", out)
	}
	refused("already has an account", "user", "create", "--email", "ASHA@example.in", "--tenant", "rao")
	refused("at least 10", "user", "create", "--email", "b@example.in", "--tenant", "rao", "--password", "short")
	refused("no business", "user", "create", "--email", "b@example.in", "--tenant", "nobody")
	refused("--platform-admin", "user", "create", "--email", "b@example.in")
	must("user", "reset-password", "--email", "asha@example.in", "--password", "a-longer-password")
	refused("Nobody", "user", "reset-password", "--email", "x@example.in")
	refused("has no second factor", "user", "reset-second-factor", "--email", "asha@example.in")
	refused("Nobody", "user", "reset-second-factor", "--email", "x@example.in")
	secret := must("apikey", "create", "--tenant", "rao", "--name", "test", "--role", "member", "--scopes", "contacts:read")
	if strings.Count(secret, "\n") != 1 || !strings.HasPrefix(secret, "pk_") {
		t.Errorf("apikey create prints the secret alone, got %q", secret)
	}
	refused("does not have contacts:export", "apikey", "create", "--tenant", "rao", "--name", "t", "--role", "member", "--scopes", "contacts:export")
	cookies := filepath.Join(t.TempDir(), "cookies.txt")
	must("seed", "--tenant", "rao", "--contacts", "30", "--sessions", "3", "--cookies", cookies)
	if b, err := os.ReadFile(cookies); err != nil || strings.Count(string(b), "sid=") != 3 { //nolint:gosec // a file of this test
		t.Errorf("cookies: %q, %v", b, err)
	}
	refused("say with --contacts or --sessions", "seed", "--tenant", "rao")
	production := []string{
		"PAYAID_ENV=production", "PAYAID_DATABASE_URL=postgres://db/x", "PAYAID_REDIS_SESSION_URL=redis://r", "PAYAID_REDIS_CACHE_URL=redis://c", "PAYAID_S3_ENDPOINT=http://s3",
		"PAYAID_S3_ACCESS_KEY=a", "PAYAID_S3_SECRET_KEY=b", "PAYAID_BASE_URL=https://crm.example.in", "PAYAID_BACKUP_RECIPIENTS=a,b", "PAYAID_SECRET_KEY=" + strings.Repeat("x", 40),
	}
	if code, _, errs := payaid(t, production, "seed", "--tenant", "rao", "--sessions", "1"); code != exitFailed || !strings.Contains(errs, "refused with PAYAID_ENV=production") {
		t.Errorf("sessions in production: code %d, %s", code, errs)
	}
	if out := must("migrate", "status"); strings.Contains(out, "pending") || !strings.Contains(out, "up to date") {
		t.Errorf("migrate status: %q", out)
	}
	if out := must("doctor", "--print-database-url"); !strings.HasPrefix(out, "postgres") || strings.Count(out, "\n") != 1 {
		t.Errorf("doctor --print-database-url: %q", out)
	}
	if out := must("doctor"); strings.Contains(out, "WRONG") {
		t.Errorf("doctor: %s", out)
	}
	if out := must("doctor", "--json"); !strings.Contains(out, `"status": "ok"`) || !strings.Contains(out, `"check": "row security"`) {
		t.Errorf("doctor --json: %s", out)
	}
	dead := append(slices.Clone(env), "PAYAID_REDIS_SESSION_URL=unix://"+filepath.Join(t.TempDir(), "nobody.sock"))
	if code, out, _ := payaid(t, dead, "doctor"); code != exitFailed || !strings.Contains(out, "WRONG sessions") || strings.Count(out, "WRONG") != 1 {
		t.Errorf("doctor with a dead Redis: code %d: %s", code, out)
	}
	if out := must("stop"); !strings.Contains(out, "nothing was running") {
		t.Errorf("the last verb must have stopped the servers: %q", out)
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	dir := filepath.Join(t.TempDir(), "data")
	code, _, errs := payaid(t, []string{"PAYAID_DATA_DIR=" + dir, "PAYAID_ADDR=" + l.Addr().String()}, "serve")
	if code != exitFailed || !strings.Contains(errs, "already listens on "+l.Addr().String()) || !strings.Contains(errs, "PAYAID_ADDR") {
		t.Errorf("code %d: %s", code, errs)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("servers were started although the port was taken")
	}
}

func TestServeAndStop(t *testing.T) {
	dir := t.TempDir()
	private := freeAddr(t)
	env := []string{"PAYAID_DATA_DIR=" + dir, "PAYAID_ADDR=" + freeAddr(t), "PAYAID_DEMO=true", "PAYAID_LOG_LEVEL=warn", "PAYAID_PRIVATE_ADDR=" + private}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"serve"}, env, strings.NewReader(""), &out, &errs) }()
	waitReady(t, env, ended)
	checkFigures(t, private)

	// A second one on the same data directory is one more replica.
	second := []string{env[0], "PAYAID_ADDR=" + freeAddr(t), "PAYAID_LOG_LEVEL=warn"}
	ctx2, cancel2 := context.WithCancel(t.Context())
	defer cancel2()
	ended2 := make(chan int, 1)
	go func() {
		ended2 <- run(ctx2, []string{"serve"}, second, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})
	}()
	waitReady(t, second, ended2)

	cancel()
	if code := <-ended; code != exitDone {
		t.Errorf("serve ended with %d: %s", code, errs.String())
	}
	waitReady(t, second, ended2) // the servers stay for the other replica
	cancel2()
	if code := <-ended2; code != exitDone {
		t.Errorf("the second serve ended with %d", code)
	}
	if _, _, errs := payaid(t, env, "healthcheck"); !strings.Contains(errs, "does not answer") {
		t.Errorf("healthcheck after the end: %q", errs)
	}
	if _, out, _ := payaid(t, env, "stop"); !strings.Contains(out, "nothing was running") {
		t.Errorf("the last replica must have stopped the servers: %q", out)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// waitReady waits until healthcheck says ready.
func waitReady(t *testing.T, env []string, ended <-chan int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		code, _, errs := payaid(t, env, "healthcheck")
		if code == exitDone {
			return
		}
		select {
		case code := <-ended:
			t.Fatalf("serve ended with %d", code)
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %s", errs)
		}
	}
}

func TestHelpNamesEveryVerb(t *testing.T) {
	code, out, _ := payaid(t, nil, "--help")
	if code != exitDone {
		t.Errorf("code %d", code)
	}
	for _, verb := range []string{"serve", "worker", "migrate", "healthcheck", "doctor", "stop", "user create", "user unlink", "tenant list", "apikey create", "backup create", "backup drill", "backup restore", "backup rollback"} {
		if !strings.Contains(out, verb) {
			t.Errorf("--help lacks %s", verb)
		}
	}
}
