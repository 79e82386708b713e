package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/settings"
)

func (s *server) showPassword(c *fiber.Ctx) error {
	return s.passwordPage(c, settings.PasswordProps{})
}

func (s *server) passwordPage(c *fiber.Ctx, props settings.PasswordProps) error {
	p, _ := mw.Principal(c)
	props.Email, props.CSRF = p.Email, mw.Token(c)
	frame, items := s.settingsFrame(c, "Password")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c, settings.PasswordPage(frame, items, props))
}

func (s *server) changePassword(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	err := s.limits.SignIn(c, p.Email) // the current password must not be guessed here either
	if err == nil {
		err = s.Auth.ChangePassword(c.UserContext(), p, auth.PasswordInput{Current: c.FormValue("current"), New: c.FormValue("new")})
	}
	if err != nil {
		e := apperr.From(err)
		props := settings.PasswordProps{CurrentError: e.Field("current"), NewError: e.Field("new")}
		switch e.Code {
		case apperr.Validation:
		case apperr.RateLimited:
			props.RateLimited = waitText(e.RetryAfter)
			respond.SetRetryAfter(c, e.RetryAfter)
		default:
			return err
		}
		return s.passwordPage(c.Status(respond.Status(e.Code)), props)
	}
	s.limits.SignedIn(c, p.Email)
	s.endSessions(c, p.UserID)
	if err := s.sessions.SignInAfresh(c, auth.SignedIn{UserID: p.UserID, TenantID: p.TenantID}); err != nil {
		return err
	}
	return leaveTo(c, "/settings/password?done=changed")
}
