package mw

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/gorilla/sessions"

	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/session"
)

const (
	principalKey = "principal"
	sessionKey   = "session"
)

// Principal returns who asks; false before sign-in.
func Principal(c *fiber.Ctx) (auth.Principal, bool) {
	p, ok := c.Locals(principalKey).(auth.Principal)
	return p, ok
}

// Sessions ties the session store to Fiber.
type Sessions struct {
	store  *session.Store
	cookie string
	auth   *auth.Service
}

// NewSessions returns sessions whose cookie is named by SessionCookie.
func NewSessions(store *session.Store, a *auth.Service, secure bool) *Sessions {
	return &Sessions{store: store, cookie: SessionCookie(secure), auth: a}
}

// SessionCookie names the cookie of a session: __Host-sid where the browser takes
// Secure cookies, else sid.
func SessionCookie(secure bool) string {
	if secure {
		return "__Host-sid"
	}
	return "sid"
}

// Identify finds out who asks: by API key under an Authorization header, else by
// session. Nobody is no error here; a bad key is.
func (s *Sessions) Identify(c *fiber.Ctx) error {
	if header := c.Get(fiber.HeaderAuthorization); header != "" {
		return s.byKey(c, header)
	}
	if c.Cookies(s.cookie) == "" {
		return c.Next()
	}
	sess, err := s.store.Get(shim(c), s.cookie)
	if errors.Is(err, session.ErrUnavailable) {
		return apperr.Busy(err, 2*time.Second)
	}
	if err != nil {
		return err
	}
	c.Locals(sessionKey, sess)
	user, tenant, ok := identity(sess)
	if !ok {
		return c.Next()
	}
	p, err := s.auth.Member(c.UserContext(), tenant, user, session.Created(sess))
	if apperr.Is(err, apperr.Unauthorized) {
		return c.Next() // void: as if there were no session
	}
	if err != nil {
		return err
	}
	setPrincipal(c, p)
	return c.Next()
}

func (s *Sessions) byKey(c *fiber.Ctx, header string) error {
	secret, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return apperr.New(apperr.Unauthorized, "Send the API key as: Authorization: Bearer pk_…")
	}
	p, err := s.auth.Key(c.UserContext(), strings.TrimSpace(secret))
	if err != nil {
		return err
	}
	setPrincipal(c, p)
	return c.Next()
}

func setPrincipal(c *fiber.Ctx, p auth.Principal) {
	p.Request = RequestOf(c)
	c.Locals(principalKey, p)
}

// RequestOf tells what the audit log and idempotency need to know.
func RequestOf(c *fiber.Ctx) auth.Request {
	return auth.Request{ID: respond.RequestID(c), IP: IP(c), IdempotencyKey: c.Get("Idempotency-Key")}
}

func identity(s *sessions.Session) (user, tenant uuid.UUID, ok bool) {
	u, _ := s.Values[session.UserID].(string)
	t, _ := s.Values[session.TenantID].(string)
	user, err1 := uuid.Parse(u)
	tenant, err2 := uuid.Parse(t)
	return user, tenant, err1 == nil && err2 == nil
}

// SignIn begins a session, under a new id whatever the browser sent.
func (s *Sessions) SignIn(c *fiber.Ctx, in auth.SignedIn) error {
	r := shim(c)
	sess, err := s.store.Get(r, s.cookie)
	if err != nil && !errors.Is(err, session.ErrUnavailable) {
		return err
	}
	if _, ok := Principal(c); !ok && sess.Values[session.UserID] == in.UserID.String() {
		// A void session of the same person: renewed it would keep its age and stay void.
		// All sessions end at once when a backup is restored.
		if err := s.store.Revoke(r.Context(), in.UserID.String(), session.Handle(sess)); err != nil && !errors.Is(err, session.ErrNotFound) {
			return busy(err)
		}
		return s.SignInAfresh(c, in)
	}
	session.Renew(sess)
	return s.begin(c, r, sess, in)
}

func (s *Sessions) begin(c *fiber.Ctx, r *http.Request, sess *sessions.Session, in auth.SignedIn) error {
	for _, name := range []string{waitingUser, waitingTenant, waitingNext, waitingSince} {
		delete(sess.Values, name)
	}
	sess.Values[session.UserID], sess.Values[session.TenantID] = in.UserID.String(), in.TenantID.String()
	sess.Values[session.IP], sess.Values[session.UserAgent] = IP(c), truncate(c.Get(fiber.HeaderUserAgent), 200)
	return s.save(c, r, sess)
}

// SignInAfresh begins a session that was never another one, for a person whose
// sessions were all voided a moment ago: a renewed one would keep its age and be
// void as well.
func (s *Sessions) SignInAfresh(c *fiber.Ctx, in auth.SignedIn) error {
	r := (&http.Request{Header: http.Header{}}).WithContext(context.WithoutCancel(c.UserContext()))
	sess, err := s.store.Get(r, s.cookie)
	if err != nil {
		return err
	}
	return s.begin(c, r, sess, in)
}

// EndAll ends every session of the person at once. They are void already: what a
// Redis that does not answer keeps is refused by sessions_valid_after.
func (s *Sessions) EndAll(c *fiber.Ctx, user uuid.UUID) error {
	return s.store.RevokeAll(context.WithoutCancel(c.UserContext()), user.String(), "")
}

// SignOut ends the session.
func (s *Sessions) SignOut(c *fiber.Ctx) error {
	r := shim(c)
	sess, err := s.store.Get(r, s.cookie)
	if err != nil && !errors.Is(err, session.ErrUnavailable) {
		return err
	}
	sess.Options.MaxAge = -1
	return s.save(c, r, sess)
}

func (s *Sessions) save(c *fiber.Ctx, r *http.Request, sess *sessions.Session) error {
	w := headerWriter{http.Header{}}
	err := s.store.Save(r, w, sess)
	for _, cookie := range w.Header()["Set-Cookie"] {
		c.Response().Header.Add(fiber.HeaderSetCookie, cookie)
	}
	if errors.Is(err, session.ErrUnavailable) {
		return apperr.Busy(err, 2*time.Second)
	}
	return err
}

// shim is as much of an http.Request as the store reads.
func shim(c *fiber.Ctx) *http.Request {
	r := &http.Request{Header: http.Header{"Cookie": {strings.Clone(c.Get(fiber.HeaderCookie))}}}
	return r.WithContext(context.WithoutCancel(c.UserContext()))
}

// headerWriter is as much of an http.ResponseWriter as the store writes.
type headerWriter struct{ header http.Header }

func (w headerWriter) Header() http.Header         { return w.header }
func (w headerWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w headerWriter) WriteHeader(int)             {}

func truncate(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// RequireSignIn lets nobody pass but those who were identified.
func RequireSignIn(c *fiber.Ctx) error {
	if _, ok := Principal(c); !ok {
		return apperr.New(apperr.Unauthorized, "Please sign in first.")
	}
	return c.Next()
}

// RequirePerson refuses API keys: pages are for people.
func RequirePerson(c *fiber.Ctx) error {
	p, ok := Principal(c)
	if !ok {
		return apperr.New(apperr.Unauthorized, "Please sign in first.")
	}
	if p.IsKey() {
		return apperr.New(apperr.Forbidden, "API keys open the addresses under /api/v1 only.")
	}
	return c.Next()
}

// RequireRight lets pass who has the right. Services check it too; here it keeps
// pages from showing forms whose use would be refused.
func RequireRight(right auth.Right) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, ok := Principal(c)
		if !ok {
			return apperr.New(apperr.Unauthorized, "Please sign in first.")
		}
		if err := p.Require(right); err != nil {
			return err
		}
		return c.Next()
	}
}

// RequirePlatformAdmin answers everybody but people who administer the
// installation as if there were no such page: who may not come in need not learn
// that there is a door.
func RequirePlatformAdmin(c *fiber.Ctx) error {
	if p, ok := Principal(c); !ok || p.IsKey() || !p.PlatformAdmin {
		return apperr.New(apperr.NotFound, "This page does not exist.")
	}
	return c.Next()
}
