package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// replicas are two processes' worth of PayAid on one embedded stack.
type replicas struct {
	env   []string
	addrs [2]string
	key   string // of an administrator of the demo business
}

// serveTwice serves until the test ends.
func serveTwice(t *testing.T) *replicas {
	t.Helper()
	r := &replicas{}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	for i := range r.addrs {
		r.addrs[i] = freeAddr(t)
		env := []string{"PAYAID_DATA_DIR=" + dir, "PAYAID_ADDR=" + r.addrs[i], "PAYAID_DEMO=true", "PAYAID_LOG_LEVEL=error"}
		ended := make(chan int, 1)
		go func() { ended <- run(ctx, []string{"serve"}, env, strings.NewReader(""), io.Discard, io.Discard) }()
		waitReady(t, env, ended)
		t.Cleanup(func() {
			cancel()
			if code := <-ended; code != exitDone {
				t.Errorf("serve ended with %d", code)
			}
		})
		r.env = env
	}
	r.key = strings.TrimSpace(r.must(t, "apikey", "create", "--tenant", "demo", "--name", "test", "--role", "admin"))
	return r
}

// must runs a verb that must succeed.
func (r *replicas) must(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := payaid(t, r.env, args...)
	if code != exitDone {
		t.Fatalf("%v: code %d: %s\n%s", args, code, errs, out)
	}
	return out
}

// call asks one of the replicas with the key.
func (r *replicas) call(replica int, method, path, body string) (int, http.Header, []byte, error) {
	req, err := http.NewRequest(method, "http://"+r.addrs[replica]+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, data, err
}

// ask is call as a program does it that tries again when it is told to.
func (r *replicas) ask(t *testing.T, replica int, method, path, body string) (int, []byte) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		status, header, data, err := r.call(replica, method, path, body)
		if err != nil {
			t.Fatal(err)
		}
		if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || time.Now().After(deadline) {
			return status, data
		}
	}
}

// has asks each replica for a contact, and fails when they disagree.
func (r *replicas) has(t *testing.T, name string) bool {
	t.Helper()
	var found [2]bool
	for i := range r.addrs {
		status, data := r.ask(t, i, "GET", "/api/v1/contacts?limit=100&q="+url.QueryEscape(name), "")
		var list struct{ Data []struct{ FirstName string } }
		if status != http.StatusOK || json.Unmarshal(data, &list) != nil {
			t.Fatalf("%d: %s", status, data)
		}
		for _, c := range list.Data {
			found[i] = found[i] || c.FirstName == name
		}
	}
	if found[0] != found[1] {
		t.Errorf("only one replica has %q", name)
	}
	return found[0]
}

func (r *replicas) add(t *testing.T, replica int, name string) {
	t.Helper()
	if status, data := r.ask(t, replica, "POST", "/api/v1/contacts", `{"firstName":"`+name+`"}`); status != http.StatusCreated {
		t.Fatalf("%d: %s", status, data)
	}
}

// signIn returns a browser in which the owner of the demo business is signed in.
func (r *replicas) signIn(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	_, page := r.open(t, browser, "/login")
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil {
		t.Fatalf("no form: %s", page)
	}
	resp, err := browser.PostForm("http://"+r.addrs[0]+"/login", url.Values{"_csrf": {token[1]}, "email": {"owner@demo.test"}, "password": {demoPassword}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return browser
}

// open returns where the browser ends, and what stands there.
func (r *replicas) open(t *testing.T, browser *http.Client, path string) (at, page string) {
	t.Helper()
	resp, err := browser.Get("http://" + r.addrs[0] + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Request.URL.Path, string(data)
}

// A backup is restored under two replicas that serve, write and keep lists in the
// cache. Both are on the restored data at once, and on the data from before after
// the rollback.
func TestARestoreWhileTwoReplicasServe(t *testing.T) {
	r := serveTwice(t)
	r.add(t, 0, "Earlier")
	lines := strings.Split(strings.TrimSpace(r.must(t, "backup", "create")), "\n")
	id := lines[len(lines)-1]
	r.add(t, 1, "Later")
	browser := r.signIn(t)
	if at, _ := r.open(t, browser, "/contacts"); at != "/contacts" {
		t.Fatalf("signed in it leads to %s", at)
	}
	code, out, errs := payaid(t, r.env, "backup", "restore", id)
	if code != exitFailed || !strings.Contains(errs, "nothing was restored") || !strings.Contains(out, "Type the number of businesses") {
		t.Errorf("without an answer: %d, %q, %q", code, out, errs)
	}
	if code, _, errs := payaid(t, r.env, "backup", "restore", id, "--yes", "--without-safety"); code != exitFailed || !strings.Contains(errs, "WITHOUT SAFETY was not typed") {
		t.Errorf("without safety and without an answer: %d, %q", code, errs)
	}
	stop := r.keepWriting(t)
	out = r.must(t, "backup", "restore", id, "--yes")
	for _, state := range []string{"CHECK\n", "SAFETY\n", "LOAD\n", "SWAP\n", "SWITCH\n", "is live"} {
		if !strings.Contains(out, state) {
			t.Errorf("it does not say %q:\n%s", state, out)
		}
	}
	time.Sleep(300 * time.Millisecond)
	stop()
	if !r.has(t, "Earlier") || r.has(t, "Later") {
		t.Error("the replicas are not on the restored data")
	}
	if at, _ := r.open(t, browser, "/contacts"); at != "/login" {
		t.Errorf("a session from before goes on at %s", at)
	}
	r.add(t, 0, "After")
	if !r.has(t, "After") {
		t.Error("a write to the restored data is not seen")
	}
	r.must(t, "backup", "rollback")
	if !r.has(t, "Later") || r.has(t, "After") {
		t.Error("the replicas are not on the data from before")
	}
	r.add(t, 1, "At last")
	if !r.has(t, "At last") {
		t.Error("a write after the rollback is not seen")
	}
}

// keepWriting writes through both replicas until the function that it returns is
// called, which tells how long nobody could.
func (r *replicas) keepWriting(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for i := range r.addrs {
		writers.Go(func() {
			last, gap, refused := time.Now(), time.Duration(0), 0
			for n := 0; ctx.Err() == nil; n++ {
				status, header, data, err := r.call(i, "POST", "/api/v1/contacts", fmt.Sprintf(`{"firstName":"Writer %d %d"}`, i, n))
				switch {
				case err != nil:
					t.Errorf("replica %d: %v", i, err)
					return
				case status == http.StatusCreated:
					gap = max(gap, time.Since(last))
					last = time.Now()
				case status == http.StatusServiceUnavailable && header.Get("Retry-After") != "" && strings.Contains(string(data), `"SERVICE_UNAVAILABLE"`):
					refused++
				default:
					t.Errorf("replica %d answers a write with %d: %s", i, status, data)
				}
				time.Sleep(30 * time.Millisecond)
			}
			t.Logf("replica %d took no write for %s, and refused %d", i, gap.Round(time.Millisecond), refused)
		})
	}
	return func() { cancel(); writers.Wait() }
}
