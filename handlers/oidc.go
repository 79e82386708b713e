package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/oidc"
	"payaid/internal/session"
	"payaid/views/signin"
)

// attemptLife is how long somebody may take at the provider.
const attemptLife = 10 * time.Minute

// pendingSignIn is what is kept while somebody is at the provider.
type pendingSignIn struct {
	Attempt oidc.Attempt `json:"attempt"`
	Next    string       `json:"next"`
}

// attemptKey finds an attempt again: by its state, and only for the browser in
// which it was begun, so that nobody can be made to finish another's sign-in.
func (s *server) attemptKey(c *fiber.Ctx, state string) string {
	return "oidc " + state + " " + s.csrf.Visitor(c)
}

// beginFederated leads to the provider.
func (s *server) beginFederated(c *fiber.Ctx) error {
	if s.Federation == nil {
		return noSuchPage()
	}
	next := localPath(c.Query("next"))
	if p, ok := mw.Principal(c); ok && !p.IsKey() {
		return c.Redirect(next, fiber.StatusSeeOther)
	}
	address, err := s.provider(c, next)
	if err != nil {
		return s.refuseFederated(c, next, err)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Redirect(address, fiber.StatusSeeOther)
}

// provider begins an attempt, keeps it and returns where it goes on.
func (s *server) provider(c *fiber.Ctx, next string) (address string, err error) {
	if err := s.limits.FederatedSignIn(c); err != nil {
		return "", err
	}
	attempt, address, err := s.Federation.Begin(c.UserContext(), mw.RequestOf(c))
	if err != nil {
		return "", err
	}
	pending, err := json.Marshal(pendingSignIn{Attempt: attempt, Next: next})
	if err != nil {
		return "", fmt.Errorf("keep the sign-in: %w", err)
	}
	return address, busy(s.Sessions.KeepOnce(c.UserContext(), s.attemptKey(c, attempt.State), pending, attemptLife))
}

// finishFederated takes who comes back from the provider.
func (s *server) finishFederated(c *fiber.Ctx) error {
	if s.Federation == nil {
		return noSuchPage()
	}
	pending, err := s.takePending(c)
	if err != nil {
		return s.refuseFederated(c, "/", err)
	}
	reply := oidc.Reply{Code: c.Query("code"), Error: c.Query("error"), Issuer: c.Query("iss")}
	in, err := s.Federation.Finish(c.UserContext(), pending.Attempt, reply, mw.RequestOf(c))
	if err != nil {
		return s.refuseFederated(c, pending.Next, err)
	}
	return s.enter(c, in, localPath(pending.Next))
}

// takePending returns the attempt that the answer belongs to, once.
func (s *server) takePending(c *fiber.Ctx) (pendingSignIn, error) {
	var pending pendingSignIn
	kept, err := s.Sessions.TakeOnce(c.UserContext(), s.attemptKey(c, c.Query("state")))
	if errors.Is(err, session.ErrNotFound) {
		return pending, apperr.New(apperr.BusinessRule, "This sign-in was begun in another browser, more than 10 minutes ago, or was finished before. Please start again.")
	}
	if err != nil {
		return pending, busy(err)
	}
	if err := json.Unmarshal(kept, &pending); err != nil {
		return pending, fmt.Errorf("read the kept sign-in: %w", err)
	}
	return pending, nil
}

// refuseFederated shows the sign-in page with what err says, also that the provider
// does not answer: the password remains.
func (s *server) refuseFederated(c *fiber.Ctx, next string, err error) error {
	props := signin.Props{Next: next}
	if e := apperr.From(err); e.Code == apperr.Unavailable {
		props.Error = e.Message
		respond.SetRetryAfter(c, e.RetryAfter)
		return s.signInPage(c.Status(respond.Status(e.Code)), props)
	}
	return s.refuseSignIn(c, props, err)
}

func noSuchPage() error { return apperr.New(apperr.NotFound, "This page does not exist.") }

// busy tells people to try again when the session store does not answer.
func busy(err error) error {
	if errors.Is(err, session.ErrUnavailable) {
		return apperr.Busy(err, 2*time.Second)
	}
	return err
}
