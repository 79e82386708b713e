package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/internal/auth"
	"payaid/internal/session"
)

// mintSessions begins sessions of the tenant's people in turn, without any
// password, and writes their cookies to a file that only this user reads.
func (a *app) mintSessions(ctx context.Context, tenantID uuid.UUID, n int, path string) error {
	people, err := a.auth.Colleagues(ctx, auth.Principal{TenantID: tenantID})
	if err != nil {
		return err
	}
	if len(people) == 0 {
		return errors.New("nobody works in this business: seed contacts first, which brings people along")
	}
	secure := a.cfg.cfg.SecureCookies()
	store := session.NewStore(a.redis, session.Options{Secure: secure, Timeout: time.Second})
	var cookies strings.Builder
	for i := range n {
		cookie, err := mintSession(ctx, store, mw.SessionCookie(secure), tenantID, people[i%len(people)].UserID)
		if err != nil {
			return err
		}
		fmt.Fprintln(&cookies, cookie)
	}
	if err := os.WriteFile(path, []byte(cookies.String()), 0o600); err != nil {
		return fmt.Errorf("write the cookies: %w", err)
	}
	return nil
}

// mintSession returns what a browser would send as its Cookie header.
func mintSession(ctx context.Context, store *session.Store, name string, tenantID, user uuid.UUID) (string, error) {
	r := (&http.Request{Header: http.Header{}}).WithContext(ctx)
	s, err := store.Get(r, name)
	if err != nil {
		return "", fmt.Errorf("begin a session: %w", err)
	}
	s.Values[session.UserID], s.Values[session.TenantID] = user.String(), tenantID.String()
	s.Values[session.UserAgent] = "load test"
	if err := store.Save(r, discardHeader{}, s); err != nil {
		return "", fmt.Errorf("begin a session: %w", err)
	}
	return name + "=" + s.ID, nil
}

// discardHeader is as much of an http.ResponseWriter as the store needs to set a
// cookie that nobody reads.
type discardHeader struct{}

func (discardHeader) Header() http.Header         { return http.Header{} }
func (discardHeader) Write(b []byte) (int, error) { return len(b), nil }
func (discardHeader) WriteHeader(int)             {}

// seededEmail is unique by the business. The domain .test reaches nobody.
func seededEmail(name, slug string) string {
	return strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@" + slug + ".test"
}
