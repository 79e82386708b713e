package oidc_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"payaid/internal/oidc"
	"payaid/internal/servertest"
)

const callback = "http://localhost:3000/login/oidc/callback"

// asha is whom the issuer vouches for.
func asha() map[string]any {
	return map[string]any{"sub": "sub-1", "email": "Asha@Example.in", "email_verified": true}
}

func client(i *servertest.Issuer) *oidc.Provider {
	return oidc.New(oidc.Options{Issuer: i.URL, ClientID: i.ClientID, ClientSecret: i.ClientSecret, RedirectURL: callback, Name: "Example"})
}

// signIn goes to the issuer, agrees, and comes back.
func signIn(t *testing.T, p *oidc.Provider, i *servertest.Issuer) (oidc.Identity, error) {
	t.Helper()
	a, address, err := p.Begin(t.Context())
	if err != nil {
		return oidc.Identity{}, err
	}
	reply := i.Agree(t, address)
	if reply.Get("state") != a.State {
		t.Errorf("the state %q came back as %q", a.State, reply.Get("state"))
	}
	return p.Finish(t.Context(), a, oidc.Reply{Code: reply.Get("code")})
}

func TestSignIn(t *testing.T) {
	i := servertest.NewIssuer(t, asha())
	got, err := signIn(t, client(i), i)
	if want := (oidc.Identity{Issuer: i.URL, Subject: "sub-1", Email: "Asha@Example.in", EmailVerified: true}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Every attempt has its own secrets, and its code is worth nothing to another.
func TestAttemptsAreTheirOwn(t *testing.T) {
	i := servertest.NewIssuer(t, asha())
	p := client(i)
	first, address, err := p.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := p.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first.State == second.State || first.Nonce == second.Nonce || first.Verifier == second.Verifier {
		t.Errorf("%+v and %+v share something", first, second)
	}
	if strings.Contains(address, first.Verifier) || strings.Contains(address, i.ClientSecret) {
		t.Errorf("the address tells a secret: %s", address)
	}
	code := i.Agree(t, address).Get("code")
	if _, err := p.Finish(t.Context(), second, oidc.Reply{Code: code}); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("a code with another attempt's verifier: %v", err)
	}
}

func TestCodesWorkOnce(t *testing.T) {
	i := servertest.NewIssuer(t, asha())
	p := client(i)
	a, address, err := p.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reply := oidc.Reply{Code: i.Agree(t, address).Get("code")}
	if _, err := p.Finish(t.Context(), a, reply); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Finish(t.Context(), a, reply); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("the second time: %v", err)
	}
}

func TestTokensThatProveNothing(t *testing.T) {
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func(*servertest.Issuer) {
		return func(i *servertest.Issuer) { i.Bend = func(c map[string]any) { c[name] = value } }
	}
	at := func(name string, d time.Duration) func(*servertest.Issuer) {
		return set(name, time.Now().Add(d).Unix())
	}
	for name, spoil := range map[string]func(i *servertest.Issuer){
		"another nonce":      set("nonce", "of somebody else"),
		"no nonce":           set("nonce", nil),
		"another audience":   set("aud", "another client"),
		"made for another":   set("azp", "another client"),
		"many, for no one":   set("aud", []string{"payaid", "another client"}),
		"another issuer":     set("iss", "https://accounts.google.com"),
		"expired":            at("exp", -2*time.Minute),
		"not valid yet":      at("nbf", 10*time.Minute),
		"no subject":         set("sub", ""),
		"a subject too long": set("sub", strings.Repeat("s", 256)),
		"a subject with NUL": set("sub", "a\x00b"),
		"another's access":   set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
		"a foreign key":      func(i *servertest.Issuer) { i.Sign = servertest.SignedBy(foreign) },
		"no signature": func(i *servertest.Issuer) {
			i.Sign = func(_, claims any) string {
				return servertest.Unsigned(map[string]any{"alg": "none"}, claims) + "."
			}
		},
		"signed with the client's secret": func(i *servertest.Issuer) {
			i.Sign = func(_, claims any) string {
				text := servertest.Unsigned(map[string]any{"alg": "HS256"}, claims)
				mac := hmac.New(sha256.New, []byte(i.ClientSecret))
				mac.Write([]byte(text))
				return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
			}
		},
		"signed before it was changed": func(i *servertest.Issuer) {
			i.Sign = func(header, claims any) string {
				signed := servertest.SignedBy(i.Key)(header, map[string]any{"sub": "sub-2"})
				return servertest.Unsigned(header, claims) + signed[strings.LastIndex(signed, "."):]
			}
		},
		"no token":           func(i *servertest.Issuer) { i.Sign = func(_, _ any) string { return "" } },
		"no text of a token": func(i *servertest.Issuer) { i.Sign = func(_, _ any) string { return "nonsense" } },
		"a refused code":     func(i *servertest.Issuer) { i.TokenStatus = http.StatusBadRequest },
	} {
		t.Run(name, func(t *testing.T) {
			i := servertest.NewIssuer(t, asha())
			spoil(i)
			got, err := signIn(t, client(i), i)
			if !errors.Is(err, oidc.ErrRefused) || got != (oidc.Identity{}) {
				t.Errorf("got %+v, %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), i.ClientSecret) {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

func TestClocksMayDifferALittle(t *testing.T) {
	for name, bend := range map[string]func(c map[string]any){
		"behind": func(c map[string]any) { c["exp"] = time.Now().Add(-30 * time.Second).Unix() },
		"ahead": func(c map[string]any) {
			c["iat"], c["nbf"] = time.Now().Add(2*time.Minute).Unix(), time.Now().Add(2*time.Minute).Unix()
		},
	} {
		i := servertest.NewIssuer(t, asha())
		i.Bend = bend
		if _, err := signIn(t, client(i), i); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysAreRotated(t *testing.T) {
	i := servertest.NewIssuer(t, asha())
	p := client(i)
	for range 3 {
		if _, err := signIn(t, p, i); err != nil {
			t.Fatal(err)
		}
		i.Rotate(t)
	}
}

func TestAProviderInTrouble(t *testing.T) {
	i := servertest.NewIssuer(t, asha())
	p := client(i) // which does not ask yet
	i.Down = true
	if _, _, err := p.Begin(t.Context()); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("begun while it is down: %v", err)
	}
	if err := p.Check(t.Context()); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("checked while it is down: %v", err)
	}
	i.Down = false
	if err := p.Check(t.Context()); err != nil {
		t.Errorf("checked when it is back: %v", err)
	}
	a, address, err := p.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	code := i.Agree(t, address).Get("code")
	i.TokenStatus = http.StatusBadGateway
	if _, err := p.Finish(t.Context(), a, oidc.Reply{Code: code}); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("no exchange: %v", err)
	}
	i.TokenStatus, i.Down = 0, true
	if _, err := p.Finish(t.Context(), a, oidc.Reply{Code: code}); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("down when they come back: %v", err)
	}
	silent := oidc.New(oidc.Options{Issuer: "http://127.0.0.1:1"})
	if _, _, err := silent.Begin(t.Context()); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestASilentProviderIsNotWaitedForLong(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // connections wait in its queue for ever
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	p := oidc.New(oidc.Options{Issuer: "http://" + l.Addr().String()})
	begun := time.Now()
	if _, _, err := p.Begin(t.Context()); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begun); took > 12*time.Second {
		t.Errorf("it took %s to say so", took)
	}
}

// An old description is better than none, and a new one is asked for in time.
func TestTheDescriptionIsAskedForAgain(t *testing.T) {
	i := servertest.NewIssuer(t, asha())
	now := time.Now()
	p := oidc.New(oidc.Options{Issuer: i.URL, ClientID: i.ClientID, Now: func() time.Time { return now }})
	begin := func() string {
		_, address, err := p.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	begin()
	i.Down = true
	now = now.Add(2 * time.Hour)
	begin()
}

func TestAnotherIssuerThanItSays(t *testing.T) {
	i := servertest.NewIssuer(t, asha())
	p := oidc.New(oidc.Options{Issuer: i.URL + "/"})
	if err := p.Check(t.Context()); !errors.Is(err, oidc.ErrUnavailable) || !strings.Contains(err.Error(), i.URL) {
		t.Errorf("got %v, want both names of it", err)
	}
}

func TestWhatTheyComeBackWith(t *testing.T) {
	i := servertest.NewIssuer(t, asha())
	p := client(i)
	for name, c := range map[string]struct {
		reply oidc.Reply
		want  error
	}{
		"did not agree":         {oidc.Reply{Error: "access_denied"}, oidc.ErrDenied},
		"in trouble":            {oidc.Reply{Error: "server_error"}, oidc.ErrUnavailable},
		"in trouble for now":    {oidc.Reply{Error: "temporarily_unavailable"}, oidc.ErrUnavailable},
		"another error":         {oidc.Reply{Error: "invalid_scope"}, oidc.ErrRefused},
		"an endless error":      {oidc.Reply{Error: strings.Repeat("x", 1<<16)}, oidc.ErrRefused},
		"nothing":               {oidc.Reply{}, oidc.ErrRefused},
		"an error beside":       {oidc.Reply{Code: "x", Error: "access_denied"}, oidc.ErrDenied},
		"from another provider": {oidc.Reply{Code: "x", Issuer: "https://evil.example"}, oidc.ErrRefused},
		"a made-up code":        {oidc.Reply{Code: "x", Issuer: i.URL}, oidc.ErrRefused},
	} {
		a, _, err := p.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Finish(t.Context(), a, c.reply); !errors.Is(err, c.want) || len(err.Error()) > 500 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheEmail(t *testing.T) {
	sub := map[string]any{"sub": "sub-1"}
	for name, c := range map[string]struct {
		claims, info map[string]any
		email        string
		verified     bool
	}{
		"as a text":               {map[string]any{"sub": "sub-1", "email": "a@x.in", "email_verified": "true"}, nil, "a@x.in", true},
		"not verified":            {map[string]any{"sub": "sub-1", "email": "a@x.in", "email_verified": false}, nil, "a@x.in", false},
		"not verified, as a text": {map[string]any{"sub": "sub-1", "email": "a@x.in", "email_verified": "false"}, nil, "a@x.in", false},
		"nothing said":            {map[string]any{"sub": "sub-1", "email": "a@x.in"}, nil, "a@x.in", false},
		"Microsoft's, elsewhere":  {map[string]any{"sub": "sub-1", "email": "a@x.in", "xms_edov": true}, nil, "a@x.in", false},
		"none":                    {sub, nil, "", false},
		"asked for":               {sub, map[string]any{"sub": "sub-1", "email": "a@x.in", "email_verified": true}, "a@x.in", true},
		"asked for, not verified": {map[string]any{"sub": "sub-1", "email_verified": true}, map[string]any{"sub": "sub-1", "email": "a@x.in"}, "a@x.in", false},
	} {
		i := servertest.NewIssuer(t, c.claims)
		i.UserInfo = c.info
		got, err := signIn(t, client(i), i)
		if err != nil || got.Email != c.email || got.EmailVerified != c.verified || got.Subject != "sub-1" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	i := servertest.NewIssuer(t, sub)
	i.UserInfo = map[string]any{"sub": "sub-2", "email": "a@x.in", "email_verified": true}
	if got, err := signIn(t, client(i), i); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("userinfo about somebody else: %+v, %v", got, err)
	}
}

var requestID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// TestARealProvider goes the whole way by HTTP, as a browser without scripts.
func TestARealProvider(t *testing.T) {
	real := servertest.NewOpenIDProvider(t)
	p := oidc.New(oidc.Options{Issuer: real.Issuer, ClientID: real.ClientID, ClientSecret: real.ClientSecret, RedirectURL: callback})
	if err := p.Check(t.Context()); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("it does not run yet: %v", err)
	}
	real.Start(t, callback, servertest.OpenIDUser{Subject: "7", Email: "asha@example.in", Password: "of the provider", Verified: true})
	for answer, want := range map[string]error{"agree": nil, "refuse": oidc.ErrDenied} {
		a, address, err := p.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		back := answerForm(t, address, url.Values{"username": {"asha@example.in"}, "password": {"of the provider"}, "answer": {answer}})
		if back.Get("state") != a.State {
			t.Errorf("the state came back as %q", back.Get("state"))
		}
		got, err := p.Finish(t.Context(), a, oidc.Reply{Code: back.Get("code"), Error: back.Get("error"), Issuer: back.Get("iss")})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", answer, err)
		}
		if id := (oidc.Identity{Issuer: real.Issuer, Subject: "7", Email: "asha@example.in", EmailVerified: true}); want == nil && got != id {
			t.Errorf("got %+v", got)
		}
	}
}

// answerForm fills in the provider's page and returns what leads back to us.
func answerForm(t *testing.T, address string, form url.Values) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var back url.Values
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			back = r.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, res)
	m := requestID.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no form at the provider: %s", page)
	}
	form.Set("id", m[1])
	if res, err = browser.PostForm("http://"+res.Request.URL.Host+"/login/username", form); err != nil {
		t.Fatal(err)
	}
	if page := read(t, res); back == nil {
		t.Fatalf("the provider did not lead back: %d %s", res.StatusCode, page)
	}
	return back
}

func read(t *testing.T, res *http.Response) string {
	t.Helper()
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
