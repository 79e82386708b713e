package deploy_test

import (
	"crypto/tls"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestHTTPSWithCertificate(t *testing.T) {
	dir, secure := openDir(t), freeAddr(t)
	pool := writeCertificate(t, dir)
	challenge := filepath.Join(dir, "acme", ".well-known", "acme-challenge")
	if err := os.MkdirAll(challenge, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(challenge, "token"), []byte("proof"), 0o644); err != nil {
		t.Fatal(err)
	}
	nginx := startNginx(t, []string{startReplica(t).addr()}, "NGINX_TLS_DIR="+dir, "NGINX_HTTPS_PORT="+secure, "PAYAID_BASE_URL=https://crm.example.in/")

	got := nginx.do(t, http.MethodGet, "/contacts?q=asha", "", "Host", "evil.example")
	if got.status != http.StatusPermanentRedirect || got.header.Get("Location") != "https://crm.example.in/contacts?q=asha" {
		t.Errorf("plain http got %d to %q", got.status, got.header.Get("Location"))
	}
	if got := nginx.do(t, http.MethodGet, "/.well-known/acme-challenge/token", ""); got.body != "proof" {
		t.Errorf("the challenge got %d %s", got.status, got.body)
	}
	nginx.url = "https://" + secure
	nginx.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	got = nginx.do(t, http.MethodGet, "/contacts", "")
	if seen := got.seen(t); got.proto != 2 || seen.Proto != "https" || seen.Host != secure {
		t.Errorf("over HTTP/%d the replica saw %+v", got.proto, seen)
	}
}

func TestCertificateNeedsSecureAddress(t *testing.T) {
	dir := openDir(t)
	writeCertificate(t, dir)
	cmd := exec.Command("sh", "nginx/start.sh", "render")
	cmd.Env = append(os.Environ(), "NGINX_TLS_DIR="+dir, "PAYAID_BASE_URL=http://crm.example.in")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "PAYAID_BASE_URL must begin with https://") {
		t.Errorf("got %v, %.200s", err, out)
	}
}

// The container's configuration is the one that the tests above hold, but for how
// it finds the replicas.
func TestBothConfigurationsComeFromOneTemplate(t *testing.T) {
	container, process := render(t), render(t, "NGINX_SERVERS=127.0.0.1:1 127.0.0.1:2")
	const resolver, upstream = "resolver 127.0.0.11 valid=2s ipv6=off;", "server app:3000 resolve max_fails=4 fail_timeout=5s;"
	named := "server 127.0.0.1:1 max_fails=4 fail_timeout=5s; server 127.0.0.1:2 max_fails=4 fail_timeout=5s;"
	without := func(text string, lines ...string) string {
		for _, l := range lines {
			if strings.Count(text, l) != 1 {
				t.Errorf("want one line %q", l)
			}
			text = regexp.MustCompile(`(?m)^ *`+regexp.QuoteMeta(l)+`\n`).ReplaceAllString(text, "")
		}
		return text
	}
	if without(container, resolver, upstream) != without(process, named) {
		t.Error("the two configurations differ in more than how they find the replicas")
	}
	if left := regexp.MustCompile(`\$\{\w+\}|#[a-z]+: `).FindString(container); left != "" {
		t.Errorf("%q was not filled in", left)
	}
}

func render(t *testing.T, env ...string) string {
	t.Helper()
	cmd := exec.Command("sh", "nginx/start.sh", "render")
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("start.sh render: %v; `make test` installs what it needs (on Debian: apt-get install nginx gettext-base)", err)
	}
	return string(out)
}
