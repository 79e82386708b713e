package servertest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Issuer is a small OpenID Provider that a test can make say anything, above all
// what none should. What it is asked it checks as a real one does; a real one is
// OpenIDProvider.
type Issuer struct {
	URL, ClientID, ClientSecret string

	Claims      map[string]any                   // about whoever comes
	UserInfo    map[string]any                   // nil: there is no such endpoint
	Bend        func(claims map[string]any)      // changes a token before it is signed; nil: nothing
	Sign        func(header, payload any) string // SignedBy(Key) when nil
	TokenStatus int                              // of the token endpoint, 200 when 0
	Down        bool                             // answers nothing but 503
	Key         *rsa.PrivateKey
	KeyID       string

	mu    sync.Mutex
	asked map[string]url.Values // what was asked for, by code
}

// NewIssuer starts an issuer that vouches for claims until the test ends.
func NewIssuer(t testing.TB, claims map[string]any) *Issuer {
	t.Helper()
	i := &Issuer{ClientID: "payaid", ClientSecret: "a secret for tests", Claims: claims, asked: map[string]url.Values{}}
	i.Rotate(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.describe)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { answer(w, i.UserInfo) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.Down {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

// Rotate signs with a new key from now on and forgets the old one.
func (i *Issuer) Rotate(t testing.TB) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i.Key, i.KeyID = key, rand.Text()
}

// Agree is the person who agrees at the address that they were led to: it returns
// what they come back with. The test fails when the address does not ask as it has
// to.
func (i *Issuer) Agree(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": i.ClientID, "scope": "openid email profile", "code_challenge_method": "S256",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge", "redirect_uri"} {
		if len(q.Get(name)) < 20 {
			t.Errorf("%s is %q", name, q.Get(name))
		}
	}
	code := rand.Text()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked[code] = q
	return url.Values{"code": {code}, "state": {q.Get("state")}}
}

func (i *Issuer) describe(w http.ResponseWriter, _ *http.Request) {
	says := map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256"},
	}
	if i.UserInfo != nil {
		says["userinfo_endpoint"] = i.URL + "/userinfo"
	}
	answer(w, says)
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": i.KeyID,
		"n": b64(i.Key.N.Bytes()), "e": b64(big.NewInt(int64(i.Key.E)).Bytes()),
	}}})
}

// token exchanges a code once, for whom it was made and who asked for it.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	if i.TokenStatus != 0 {
		w.WriteHeader(i.TokenStatus)
		return
	}
	asked := i.asked[r.PostFormValue("code")]
	delete(i.asked, r.PostFormValue("code"))
	id, secret, _ := r.BasicAuth()
	proof := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if asked == nil || r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") || b64(proof[:]) != asked.Get("code_challenge") ||
		id != url.QueryEscape(i.ClientID) || secret != url.QueryEscape(i.ClientSecret) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	now := time.Now()
	claims := map[string]any{"iss": i.URL, "aud": i.ClientID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "nonce": asked.Get("nonce")}
	for name, value := range i.Claims {
		claims[name] = value
	}
	if i.Bend != nil {
		i.Bend(claims)
	}
	sign := i.Sign
	if sign == nil {
		sign = SignedBy(i.Key)
	}
	answer(w, map[string]any{
		"access_token": "access", "token_type": "Bearer", "id_token": sign(map[string]any{"alg": "RS256", "kid": i.KeyID}, claims),
	})
}

// SignedBy signs tokens with RS256, whatever their header says.
func SignedBy(key *rsa.PrivateKey) func(header, payload any) string {
	return func(header, payload any) string {
		text := Unsigned(header, payload)
		sum := sha256.Sum256([]byte(text))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			panic(err) // a key of ours is never too short
		}
		return text + "." + b64(signature)
	}
}

// Unsigned is a token without its last part.
func Unsigned(header, payload any) string { return encoded(header) + "." + encoded(payload) }

func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of a test's own
	}
	return b64(text)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that is gone needs no answer
}
