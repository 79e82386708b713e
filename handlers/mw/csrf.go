package mw

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/respond"
	"payaid/internal/apperr"
)

// CSRF ties forms to the browser they were sent to. The token is an HMAC of the
// session cookie, or before sign-in of a random cookie made for it: nothing is
// stored for visitors.
type CSRF struct {
	key     []byte
	session string // name of the session cookie
	visitor string // name of the cookie before sign-in
	secure  bool
}

// NewCSRF derives its key from the installation's secret.
func NewCSRF(secret string, s *Sessions, secure bool) *CSRF {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("payaid csrf"))
	v := &CSRF{key: mac.Sum(nil), session: s.cookie, visitor: "visitor", secure: secure}
	if secure {
		v.visitor = "__Host-visitor"
	}
	return v
}

const (
	csrfKey    = "csrf"
	visitorKey = "visitor"
)

// Token returns the token that a page's forms must send back.
func Token(c *fiber.Ctx) string {
	t, _ := c.Locals(csrfKey).(string)
	return t
}

// Bind gives the request its token. It refuses nothing, so that error pages have
// forms that work, too.
func (v *CSRF) Bind(c *fiber.Ctx) error {
	if binding := v.binding(c); binding != "" {
		c.Locals(csrfKey, v.token(binding))
	}
	return c.Next()
}

// binding is the cookie that tokens are tied to; "" when the browser sent none.
func (v *CSRF) binding(c *fiber.Ctx) string {
	if _, signedIn := Principal(c); signedIn && c.Cookies(v.session) != "" {
		return c.Cookies(v.session)
	}
	return c.Cookies(v.visitor)
}

// Protect refuses a write whose form did not come from a page of ours. Requests
// with an API key are exempt: no browser adds an Authorization header by itself.
func (v *CSRF) Protect(c *fiber.Ctx) error {
	if !safe(c.Method()) && !byKey(c) {
		sent := c.Get("X-CSRF-Token")
		if sent == "" {
			sent = c.FormValue("_csrf")
		}
		if err := v.Check(c, sent); err != nil {
			return err
		}
	}
	return c.Next()
}

// Check is Protect for a form that the handler reads itself; sent is its token.
func (v *CSRF) Check(c *fiber.Ctx, sent string) error {
	if site := c.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return apperr.New(apperr.Forbidden, "This request came from another site.")
	}
	if want := Token(c); want == "" || subtle.ConstantTimeCompare([]byte(sent), []byte(want)) != 1 {
		if _, ok := Principal(c); ok && respond.IsPartial(c) {
			// Somebody signed in again in another tab: the page can ask for its new token.
			return apperr.New(apperr.TokenExpired, "This page is too old to be sent.")
		}
		return apperr.New(apperr.Forbidden, "This page is too old to be sent. Load it again and repeat what you did.")
	}
	return nil
}

// Greet gives a visitor without one the cookie that the sign-in form is tied to.
func (v *CSRF) Greet(c *fiber.Ctx) error {
	if Token(c) != "" {
		return c.Next()
	}
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return err
	}
	value := base64.RawURLEncoding.EncodeToString(b)
	c.Locals(csrfKey, v.token(value))
	c.Locals(visitorKey, value)
	c.Cookie(&fiber.Cookie{Name: v.visitor, Value: value, Path: "/", Secure: v.secure, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, Expires: time.Now().Add(24 * time.Hour)})
	return c.Next()
}

// Visitor returns what only this browser sends, before and after sign-in; "" when
// Greet never met it.
func (v *CSRF) Visitor(c *fiber.Ctx) string {
	if fresh, ok := c.Locals(visitorKey).(string); ok {
		return fresh
	}
	return c.Cookies(v.visitor)
}

func (v *CSRF) token(binding string) string {
	mac := hmac.New(sha256.New, v.key)
	mac.Write([]byte(binding))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func safe(method string) bool {
	return method == fiber.MethodGet || method == fiber.MethodHead || method == fiber.MethodOptions
}

func byKey(c *fiber.Ctx) bool {
	p, ok := Principal(c)
	return ok && p.IsKey()
}
