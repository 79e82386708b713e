package handlers

import (
	"strings"
	"time"
	"unicode"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/signin"
)

// home leads to the first page that the visitor may see.
func (s *server) home(c *fiber.Ctx) error {
	if _, ok := mw.Principal(c); !ok {
		return c.Redirect("/login", fiber.StatusSeeOther)
	}
	return c.Redirect("/contacts", fiber.StatusSeeOther)
}

func (s *server) showSignIn(c *fiber.Ctx) error {
	if p, ok := mw.Principal(c); ok && !p.IsKey() {
		return c.Redirect(localPath(c.Query("next")), fiber.StatusSeeOther)
	}
	return s.signInPage(c, signin.Props{Next: localPath(c.Query("next")), SignedOut: c.Query("out") == "1", PasswordSet: c.Query("reset") == "1", TooLate: c.Query("late") == "1"})
}

func (s *server) signInPage(c *fiber.Ctx, p signin.Props) error {
	p.Demo, p.SignUp, p.Passkeys = s.Demo, s.SignUp, s.Factor.PasskeysWork()
	if s.Federation != nil {
		p.Provider = s.Federation.Name()
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c, signin.Page(s.frame(c, "Sign in", ""), p))
}

func (s *server) signIn(c *fiber.Ctx) error {
	email, password := c.FormValue("email"), c.FormValue("password")
	props := signin.Props{Email: email, Next: localPath(c.FormValue("next"))}
	if email == "" {
		props.EmailError = "Enter your e-mail."
	}
	if password == "" {
		props.PassError = "Enter your password."
	}
	if props.EmailError+props.PassError != "" {
		props.Error = "Please fill in both fields."
		return s.signInPage(c.Status(fiber.StatusUnprocessableEntity), props)
	}
	err := s.limits.SignIn(c, email)
	if err == nil {
		err = s.checkPassword(c, email, password, props.Next)
	}
	if err == nil {
		return nil
	}
	return s.refuseSignIn(c, props, err)
}

// refuseSignIn shows the page again with what err says against the try.
func (s *server) refuseSignIn(c *fiber.Ctx, props signin.Props, err error) error {
	e := apperr.From(err)
	switch e.Code {
	case apperr.BadCredentials, apperr.NoPermission, apperr.BusinessRule, apperr.Conflict:
		props.Error = e.Message
	case apperr.RateLimited:
		props.RateLimited = waitText(e.RetryAfter)
		respond.SetRetryAfter(c, e.RetryAfter)
	default:
		return err
	}
	return s.signInPage(c.Status(respond.Status(e.Code)), props)
}

func (s *server) checkPassword(c *fiber.Ctx, email, password, next string) error {
	in, err := s.Auth.SignIn(c.UserContext(), email, password, mw.RequestOf(c))
	if err != nil {
		return err
	}
	s.limits.SignedIn(c, email)
	return s.enter(c, in, next)
}

// enter begins the session of whoever has shown who they are, by whichever way,
// and leads on: to the second factor first, for who has one.
func (s *server) enter(c *fiber.Ctx, in auth.SignedIn, next string) error {
	factors, err := s.Factor.Of(c.UserContext(), in.UserID)
	if err != nil {
		return err
	}
	if !factors.Any() {
		return s.begin(c, in, next)
	}
	if err := s.sessions.Wait(c, in, next); err != nil {
		return err
	}
	return c.Redirect(secondPath, fiber.StatusSeeOther)
}

// begin is the end of every sign-in.
func (s *server) begin(c *fiber.Ctx, in auth.SignedIn, next string) error {
	if err := s.sessions.SignIn(c, in); err != nil {
		return err
	}
	return c.Redirect(next, fiber.StatusSeeOther)
}

// waitText rounds a waiting time up to what people say.
func waitText(d time.Duration) string {
	switch minutes := int((d + time.Minute - 1) / time.Minute); {
	case d <= time.Minute:
		return "a minute"
	default:
		return strings.TrimSuffix((time.Duration(minutes)*time.Minute).String(), "m0s") + " minutes"
	}
}

func (s *server) signOut(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	if err := s.sessions.SignOut(c); err != nil {
		return err
	}
	if err := s.Auth.SignOut(c.UserContext(), p); err != nil {
		s.Log.WarnContext(c.UserContext(), "sign-out not audited", "err", err)
	}
	c.Set("Clear-Site-Data", `"cache"`)
	return c.Redirect("/login?out=1", fiber.StatusSeeOther)
}

// localPath keeps a way back that leads into PayAid itself, else the start.
func localPath(next string) string {
	// Browsers read \ as / and leave out tabs and line breaks.
	unsafe := func(r rune) bool { return r == '\\' || unicode.IsControl(r) }
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, unsafe) || strings.HasPrefix(next, "/login") {
		return "/"
	}
	return next
}
