package deploy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// proxy is a real nginx that runs start.sh's configuration for named servers.
type proxy struct {
	url    string // of its http port, without a slash at the end
	client *http.Client
}

// startNginx starts nginx in front of servers, each host:port. env may say more.
func startNginx(t *testing.T, servers []string, env ...string) proxy {
	t.Helper()
	run, pages := openDir(t), openDir(t)
	for _, name := range []string{"start.sh", "nginx.conf.template", "problem.html", "problem.json"} {
		copyFile(t, filepath.Join("nginx", name), filepath.Join(pages, name))
	}
	addr := freeAddr(t)
	_, health, _ := net.SplitHostPort(freeAddr(t))
	cmd := exec.Command("sh", filepath.Join(pages, "start.sh"))
	cmd.Env = append(os.Environ(), append([]string{"NGINX_SERVERS=" + strings.Join(servers, " "), "NGINX_RUN=" + run, "NGINX_HTTP_PORT=" + addr, "NGINX_HEALTH_PORT=" + health}, env...)...)
	log, err := os.Create(filepath.Join(run, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
		<-exited
		if out, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("nginx said:\n%s", out)
		}
	})
	for deadline := time.Now().Add(10 * time.Second); ; {
		if res, err := http.Get("http://127.0.0.1:" + health + "/"); err == nil {
			_ = res.Body.Close()
			break
		}
		select {
		case <-exited:
			t.Fatal("nginx did not start; `make test` installs nginx and gettext-base (on Debian: apt-get install nginx gettext-base)")
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("nginx did not answer within 10 s")
		}
	}
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return proxy{"http://" + addr, &http.Client{Timeout: 20 * time.Second, CheckRedirect: noRedirect}}
}

// answer is a response with its body read.
type answer struct {
	status, proto int // proto is the major version of HTTP
	body          string
	header        http.Header
}

// sight is what a replica saw of a request.
type sight struct {
	Bytes                                                    int
	Host, ForwardedFor, RealIP, Proto, RequestID, Connection string
}

// seen reads what the replica answered.
func (a answer) seen(t *testing.T) sight {
	t.Helper()
	var s sight
	if err := json.Unmarshal([]byte(a.body), &s); err != nil {
		t.Fatalf("no answer of a replica: %d %s", a.status, a.body)
	}
	return s
}

func (p proxy) do(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := p.client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{res.StatusCode, res.ProtoMajor, string(b), res.Header}
}

// replica is a small upstream that tells what it saw.
type replica struct {
	*httptest.Server
	requests atomic.Int64
}

func (r *replica) addr() string { return r.Listener.Addr().String() }

func startReplica(t *testing.T) *replica {
	t.Helper()
	r := &replica{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.requests.Add(1)
		n, _ := io.Copy(io.Discard, req.Body) // a shorter body shows in Bytes
		_ = json.NewEncoder(w).Encode(sight{
			Bytes: int(n), Host: req.Host, ForwardedFor: strings.Join(req.Header["X-Forwarded-For"], "|"), RealIP: req.Header.Get("X-Real-IP"),
			Proto: req.Header.Get("X-Forwarded-Proto"), RequestID: req.Header.Get("X-Request-ID"), Connection: req.Header.Get("Connection"),
		})
	}))
	t.Cleanup(r.Close)
	return r
}

// startBreaker accepts requests and closes each connection without an answer, as
// a replica does that dies at work. The number is of requests that reached it.
func startBreaker(t *testing.T) (addr string, requests *atomic.Int64) {
	t.Helper()
	requests = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		requests.Add(1)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), requests
}

// openDir is a directory that nginx's workers can reach too, which run as another
// user when the tests run as root.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "payaid-nginx-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// freeAddr returns a loopback address that was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// writeCertificate puts a certificate for 127.0.0.1 and its key into dir, under
// the names that start.sh looks for, and returns who trusts it.
func writeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, data := range map[string][]byte{"fullchain.pem": certificate, "privkey.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	return pool
}
