package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// skew is how far the provider's clock may be off.
	skew = time.Minute
	// maxSubject is the most bytes of a subject (OpenID Connect Core 1.0, section 2).
	maxSubject = 255
)

// Attempt is what PayAid must remember of a sign-in until the person comes back:
// who asked (State), for which answer (Nonce), and the secret behind the PKCE
// challenge (Verifier).
type Attempt struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

// Identity is whom the provider vouches for. Issuer and Subject together name a
// person for good; the e-mail may change.
type Identity struct {
	Issuer        string
	Subject       string
	Email         string // "" when the provider tells none
	EmailVerified bool
}

// Reply is what the person came back with, as it stood in the address.
type Reply struct {
	Code   string
	Error  string // a code of RFC 6749 or OpenID Connect; "" when there is a Code
	Issuer string // RFC 9207; many providers send none
}

// Begin returns a new attempt and the address at the provider to send the person
// to. It returns ErrUnavailable when the provider cannot be used.
func (p *Provider) Begin(ctx context.Context) (Attempt, string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	d, err := p.discover(ctx)
	if err != nil {
		return Attempt{}, "", err
	}
	a := Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return a, d.oauth.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Finish exchanges the code that the person came back with and verifies what the
// provider says: signature, issuer, audience, expiry, nonce. It returns ErrDenied
// when the person did not agree, ErrUnavailable when the provider does not answer
// and ErrRefused when its answer proves nothing.
func (p *Provider) Finish(ctx context.Context, a Attempt, r Reply) (Identity, error) {
	if err := p.check(r); err != nil {
		return Identity{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	d, err := p.discover(ctx)
	if err != nil {
		return Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := d.oauth.Exchange(ctx, r.Code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Identity{}, exchangeError(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	if raw == "" {
		return Identity{}, fmt.Errorf("%w: no id_token", ErrRefused)
	}
	idToken, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return Identity{}, verifyError(err)
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(a.Nonce)) != 1 {
		return Identity{}, fmt.Errorf("%w: the nonce is another one", ErrRefused)
	}
	return p.identity(ctx, d, tokens, idToken)
}

// check reads what the provider says instead of a code.
func (p *Provider) check(r Reply) error {
	switch {
	case r.Issuer != "" && r.Issuer != p.opt.Issuer: // mixed up with another provider
		return fmt.Errorf("%w: it comes from %.100q", ErrRefused, r.Issuer)
	case r.Error == "access_denied":
		return ErrDenied
	case r.Error == "server_error" || r.Error == "temporarily_unavailable":
		return fmt.Errorf("%w: it says %s", ErrUnavailable, r.Error)
	case r.Error != "":
		return fmt.Errorf("%w: it says %.100q", ErrRefused, r.Error)
	case r.Code == "":
		return fmt.Errorf("%w: no code", ErrRefused)
	}
	return nil
}

// identity reads the verified token, and asks for the e-mail where it is not in it.
func (p *Provider) identity(ctx context.Context, d *discovered, tokens *oauth2.Token, idToken *oidc.IDToken) (Identity, error) {
	var c claims
	if err := idToken.Claims(&c); err != nil {
		return Identity{}, fmt.Errorf("%w: read its claims: %w", ErrRefused, err)
	}
	if err := c.check(p.opt.ClientID, idToken.Audience); err != nil {
		return Identity{}, err
	}
	if idToken.AccessTokenHash != "" {
		if err := idToken.VerifyAccessToken(tokens.AccessToken); err != nil {
			return Identity{}, fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	if c.Email == "" && d.provider.UserInfoEndpoint() != "" {
		edov := c.DomainOwner // only ever in the token
		c = claims{}
		if err := userInfo(ctx, d, tokens, idToken.Subject, &c); err != nil {
			return Identity{}, err
		}
		c.DomainOwner = edov
	}
	return Identity{Issuer: p.opt.Issuer, Subject: idToken.Subject, Email: c.Email, EmailVerified: c.verified(p.opt.Issuer)}, nil
}

func userInfo(ctx context.Context, d *discovered, tokens *oauth2.Token, subject string, into *claims) error {
	info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return unavailable("ask for the e-mail", err)
	}
	if info.Subject != subject { // a substituted answer (OpenID Connect Core 1.0, section 5.3.2)
		return fmt.Errorf("%w: userinfo is about somebody else", ErrRefused)
	}
	if err := info.Claims(into); err != nil {
		return fmt.Errorf("%w: read userinfo: %w", ErrRefused, err)
	}
	return nil
}

// claims are what PayAid reads of a token beyond the registered ones.
type claims struct {
	Subject       string `json:"sub"`
	Authorized    string `json:"azp"`
	Email         string `json:"email"`
	EmailVerified truth  `json:"email_verified"`
	DomainOwner   truth  `json:"xms_edov"`
}

// check holds what the library leaves to its callers (sections 2 and 3.1.3.7).
func (c claims) check(clientID string, audience []string) error {
	if c.Subject == "" || len(c.Subject) > maxSubject || strings.ContainsRune(c.Subject, 0) {
		return fmt.Errorf("%w: the subject is empty or too long", ErrRefused)
	}
	if c.Authorized != "" && c.Authorized != clientID || c.Authorized == "" && len(audience) > 1 {
		return fmt.Errorf("%w: it was made for another client (azp %q)", ErrRefused, c.Authorized)
	}
	return nil
}

// verified tells whether the provider vouches for the e-mail. Microsoft Entra has a
// claim of its own for it; its e-mails are what an administrator typed, otherwise.
func (c claims) verified(issuer string) bool {
	if bool(c.EmailVerified) {
		return true
	}
	u, err := url.Parse(issuer)
	return err == nil && u.Host == "login.microsoftonline.com" && bool(c.DomainOwner)
}

// truth is a boolean, which some providers write as a text or a number.
type truth bool

// UnmarshalJSON takes true, "true", 1 and "1" for true and everything else for false.
func (t *truth) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*t = truth(slices.Contains([]any{true, "true", "1", 1.0}, v))
	return nil
}

// exchangeError tells a code that the provider refuses from a provider that is in
// trouble. It leaves out the body, which goes into no log.
func exchangeError(err error) error {
	r, answered := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case answered && r.Response.StatusCode < 500 && r.ErrorCode != "temporarily_unavailable" && r.ErrorCode != "server_error":
		return fmt.Errorf("%w: the code was not exchanged: %s %s", ErrRefused, r.Response.Status, r.ErrorCode)
	case answered:
		return fmt.Errorf("%w: the code was not exchanged: %s %s", ErrUnavailable, r.Response.Status, r.ErrorCode)
	}
	return unavailable("exchange the code", err)
}

// verifyError tells a bad token from keys that could not be fetched, which the
// library says in words alone.
func verifyError(err error) error {
	if strings.Contains(err.Error(), "fetching keys") {
		return unavailable("verify the token", err)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}
