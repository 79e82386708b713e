// Package oidc asks an OpenID Provider who somebody is: discovery, the address to
// send people to, and the exchange and verification of what they come back with.
//
// It knows no users and keeps nothing: an Attempt has to be kept by the caller
// between the two halves of a sign-in, for the same browser and for one use.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// requestTimeout bounds one question to the provider, patience all that one half
	// of a sign-in asks.
	requestTimeout = 5 * time.Second
	patience       = 10 * time.Second
	// discoveryLife is how long the provider's own description is believed.
	discoveryLife = time.Hour
	// maxAnswer is the most bytes of an answer that are read.
	maxAnswer = 1 << 20
)

var (
	// ErrUnavailable means that the provider did not answer, or not as one does.
	ErrUnavailable = errors.New("the OpenID Provider does not answer")
	// ErrDenied means that the person did not agree.
	ErrDenied = errors.New("the person did not agree at the OpenID Provider")
	// ErrRefused means that what came back does not prove who it is.
	ErrRefused = errors.New("the answer of the OpenID Provider proves nothing")
)

// Options describe the provider and how PayAid is known to it.
type Options struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	RedirectURL  string           // where people come back to
	Name         string           // what people call the provider
	Now          func() time.Time // time.Now when nil
}

// Provider is one OpenID Provider. It is asked for its description when somebody
// first needs it, so that PayAid starts without it. It is safe for concurrent use.
type Provider struct {
	opt    Options
	client *http.Client

	mu   sync.Mutex
	last *discovered
}

// discovered is what the provider says about itself.
type discovered struct {
	provider *oidc.Provider
	oauth    *oauth2.Config
	verifier *oidc.IDTokenVerifier
	at       time.Time
}

// New returns a Provider without asking anything.
func New(o Options) *Provider {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Provider{opt: o, client: &http.Client{Timeout: requestTimeout, Transport: limited{http.DefaultTransport}}}
}

// Name is what people call the provider.
func (p *Provider) Name() string { return p.opt.Name }

// Check asks the provider for its description, and returns ErrUnavailable with the
// reason when it cannot be used.
func (p *Provider) Check(ctx context.Context) error {
	_, err := p.ask(ctx)
	return err
}

// discover returns the provider's description. An old one is better than none.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	known := p.last
	p.mu.Unlock()
	if known != nil && p.opt.Now().Sub(known.at) < discoveryLife {
		return known, nil
	}
	fresh, err := p.ask(ctx)
	if err != nil && known != nil {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = fresh
	return fresh, nil
}

func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	op, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.opt.Issuer)
	if err != nil {
		return nil, unavailable("read its description", err)
	}
	var says struct {
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := op.Claims(&says); err != nil {
		return nil, unavailable("read its description", err)
	}
	endpoint := op.Endpoint()
	if endpoint.AuthURL == "" || endpoint.TokenURL == "" {
		return nil, fmt.Errorf("%w: its description lacks an endpoint", ErrUnavailable)
	}
	// Trying both ways would use the code up with the first.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if len(says.AuthMethods) > 0 && !slices.Contains(says.AuthMethods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &discovered{
		provider: op, at: p.opt.Now(),
		oauth: &oauth2.Config{
			ClientID: p.opt.ClientID, ClientSecret: p.opt.ClientSecret, Endpoint: endpoint, RedirectURL: p.opt.RedirectURL,
			Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
		},
		verifier: op.Verifier(&oidc.Config{ClientID: p.opt.ClientID, Now: func() time.Time { return p.opt.Now().Add(-skew) }}),
	}, nil
}

// unavailable shortens err, which may hold the whole page that a proxy answered.
func unavailable(what string, err error) error {
	const most = 300
	text := err.Error()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return fmt.Errorf("%w: %s: %s", ErrUnavailable, what, text)
}

// limited keeps a provider gone wrong from filling the memory.
type limited struct{ http.RoundTripper }

// RoundTrip is http.RoundTripper's.
func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}
