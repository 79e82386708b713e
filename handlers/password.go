package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/views/signin"
)

func (s *server) showForgotPassword(c *fiber.Ctx) error {
	return s.forgotPage(c, signin.ForgotProps{Sent: c.Query("sent") == "1"})
}

func (s *server) forgotPage(c *fiber.Ctx, p signin.ForgotProps) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c, signin.ForgotPage(s.frame(c, "Forgot your password?", ""), p))
}

// forgotPassword answers the same whether or not there is such an account.
func (s *server) forgotPassword(c *fiber.Ctx) error {
	email := strings.TrimSpace(c.FormValue("email"))
	if email == "" {
		return s.forgotPage(c.Status(fiber.StatusUnprocessableEntity), signin.ForgotProps{EmailError: "Enter your e-mail."})
	}
	err := s.limits.ForgotPassword(c, email)
	if e := apperr.From(err); err != nil && e.Code == apperr.RateLimited {
		respond.SetRetryAfter(c, e.RetryAfter)
		return s.forgotPage(c.Status(respond.Status(e.Code)), signin.ForgotProps{Email: email, RateLimited: waitText(e.RetryAfter)})
	}
	if err != nil {
		return err
	}
	if err := s.Auth.RequestPasswordReset(c.UserContext(), email, mw.RequestOf(c)); err != nil {
		return err
	}
	return c.Redirect("/password/forgot?sent=1", fiber.StatusSeeOther)
}

func (s *server) showResetPassword(c *fiber.Ctx) error {
	token := c.Query("token")
	err := s.limits.ResetToken(c)
	if err == nil {
		err = s.Auth.CheckPasswordReset(c.UserContext(), token)
	}
	return s.resetPage(c, token, err)
}

// resetPage shows the form, with what err says against it.
func (s *server) resetPage(c *fiber.Ctx, token string, err error) error {
	link, err := linkOf(c, token, err)
	if err != nil {
		return err
	}
	return respond.Render(c, signin.ResetPage(s.frame(c, "Set a new password", ""), link))
}

func (s *server) resetPassword(c *fiber.Ctx) error {
	token := c.FormValue("token")
	if err := s.limits.ResetToken(c); err != nil {
		return s.resetPage(c, token, err)
	}
	done, err := s.Auth.UsePasswordReset(c.UserContext(), token, c.FormValue("password"), mw.RequestOf(c))
	if err != nil {
		return s.resetPage(c, token, err)
	}
	s.limits.SignedIn(c, done.Email) // whoever was locked out by guessing may enter with the new one
	s.endSessions(c, done.UserID)
	return c.Redirect("/login?reset=1", fiber.StatusSeeOther)
}

// endSessions takes sessions away that are void already, so a failure is no more
// than litter.
func (s *server) endSessions(c *fiber.Ctx, user uuid.UUID) {
	if err := s.sessions.EndAll(c, user); err != nil {
		s.Log.WarnContext(c.UserContext(), "void sessions not removed", "user", user, "err", err)
	}
}
