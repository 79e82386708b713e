package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// api sends one request with an API key and returns the status and the body.
func api(t *testing.T, p *process, key, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

func newBusiness(t *testing.T) (p *process, key, dataDir string) {
	t.Helper()
	dataDir = filepath.Join(t.TempDir(), "data")
	p, err := start(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	p.verb(t, "tenant", "create", "--slug", "rao", "--name", "Rao Textiles")
	return p, p.verb(t, "apikey", "create", "--tenant", "rao", "--name", "e2e", "--role", "admin"), dataDir
}

// A killed program loses nothing that it acknowledged.
func TestKilledProgramKeepsAcknowledgedWrites(t *testing.T) {
	p, key, dir := newBusiness(t)
	var mu sync.Mutex
	var acknowledged []string
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				email := fmt.Sprintf("w%d-%d@example.in", w, i)
				status, _ := api(t, p, key, http.MethodPost, "/api/v1/contacts", fmt.Sprintf(`{"email": %q}`, email))
				if status != http.StatusCreated {
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, email)
				mu.Unlock()
			}
		})
	}
	time.Sleep(700 * time.Millisecond)
	p.kill()
	wg.Wait()
	if len(acknowledged) == 0 {
		t.Fatal("nothing was written before the kill")
	}
	again, err := start(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.stop()
	stored := map[string]bool{}
	for cursor := ""; ; {
		_, body := api(t, again, key, http.MethodGet, "/api/v1/contacts?limit=100&cursor="+cursor, "")
		var page struct {
			Data []struct{ Email string }
			Meta struct{ NextCursor *string }
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		for _, c := range page.Data {
			stored[c.Email] = true
		}
		if page.Meta.NextCursor == nil || *page.Meta.NextCursor == "" {
			break
		}
		cursor = *page.Meta.NextCursor
	}
	for _, email := range acknowledged {
		if !stored[email] {
			t.Errorf("%s was acknowledged and is lost", email)
		}
	}
	t.Logf("%d acknowledged writes survived", len(acknowledged))
}

// Servers that die under the program come back by themselves; meanwhile the
// answers say what is going on.
func TestDeadServersComeBack(t *testing.T) {
	p, key, dir := newBusiness(t)
	defer p.stop()
	for name, pidFile := range map[string]string{"database": filepath.Join(dir, "pg-*", "postmaster.pid"), "sessions": filepath.Join(dir, "redis", "redis.pid")} {
		t.Run(name, func(t *testing.T) {
			killByPidFile(t, pidFile)
			deadline := time.Now().Add(30 * time.Second)
			for {
				status, body := api(t, p, key, http.MethodGet, "/api/v1/contacts", "")
				ready, _ := http.Get(p.base + "/readyz")
				ok := status == http.StatusOK && ready != nil && ready.StatusCode == http.StatusOK
				if ready != nil {
					_ = ready.Body.Close()
				}
				if status != http.StatusOK && status != http.StatusServiceUnavailable {
					t.Fatalf("status %d while the server was away: %s", status, body)
				}
				if strings.Contains(body, "socket") || strings.Contains(body, "dial") {
					t.Fatalf("the answer shows internals: %s", body)
				}
				if ok {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("not back: %d %s\n%s", status, body, p.log)
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
}

func killByPidFile(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("pid file %s: %v %v", pattern, files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// Two replicas on one data directory share their sessions and their data.
func TestReplicasAreOne(t *testing.T) {
	p, key, dir := newBusiness(t)
	second, err := start(dir)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := api(t, p, key, http.MethodPost, "/api/v1/contacts", `{"firstName": "Shared"}`); status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	if _, body := api(t, second, key, http.MethodGet, "/api/v1/contacts?q=shared", ""); !strings.Contains(body, `"Shared"`) {
		t.Errorf("the second replica does not see it: %s", body)
	}
	p.stop()
	if status, body := api(t, second, key, http.MethodGet, "/api/v1/contacts", ""); status != http.StatusOK {
		t.Errorf("after the first replica left: %d %s", status, body)
	}
	second.stop()
	if pids, _ := filepath.Glob(filepath.Join(dir, "pg-*", "postmaster.pid")); len(pids) != 0 {
		t.Errorf("PostgreSQL still runs after the last replica: %v", pids)
	}
}
