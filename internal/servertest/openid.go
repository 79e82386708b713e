package servertest

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// OpenIDUser is somebody with an account at the provider. The name to sign in with
// is the e-mail.
type OpenIDUser struct {
	Subject, Email, Password string
	Verified                 bool // the provider vouches for the e-mail
}

// OpenIDProvider is a real OpenID Provider on this machine, see tools/oidcprovider. It
// does not run before Start, so that whoever needs it can be there first.
type OpenIDProvider struct {
	Issuer, ClientID, ClientSecret string
	addr                           string
}

// NewOpenIDProvider returns a provider on a free port.
func NewOpenIDProvider(t testing.TB) *OpenIDProvider {
	t.Helper()
	addr := "127.0.0.1:" + freePort(t)
	return &OpenIDProvider{Issuer: "http://" + addr, ClientID: "payaid", ClientSecret: "a secret for tests", addr: addr}
}

// Start runs the provider until the test ends. It sends people back to redirect. The
// test fails when its program is neither named by PAYAID_TEST_OIDCPROVIDER nor in the
// repository's bin directory.
func (p *OpenIDProvider) Start(t testing.TB, redirect string, users ...OpenIDUser) {
	t.Helper()
	file := map[string]map[string]any{}
	for _, u := range users {
		file[u.Subject] = map[string]any{"ID": u.Subject, "Username": u.Email, "Password": u.Password, "Email": u.Email, "EmailVerified": u.Verified}
	}
	content, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "users.json")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(providerBinary(t), "-addr", p.addr, "-client", p.ClientID, "-secret", p.ClientSecret, "-redirect", redirect, "-users", path)
	start(t, cmd, "tcp", p.addr, func() error {
		res, err := http.Get(p.Issuer + "/.well-known/openid-configuration")
		if err != nil {
			return err
		}
		return res.Body.Close()
	})
}

func providerBinary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("PAYAID_TEST_OIDCPROVIDER"); path != "" {
		return path
	}
	root, err := repositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "bin", "oidcprovider")
	if _, err := os.Stat(path); err != nil {
		t.Fatal("this test needs the OpenID Provider of the tests: run it with make test, which builds bin/oidcprovider, or name one in PAYAID_TEST_OIDCPROVIDER")
	}
	return path
}
