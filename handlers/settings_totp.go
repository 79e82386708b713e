package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/factor"
	"payaid/views/settings"
)

const authenticatorPath = securityPath + "/totp"

func (s *server) showAuthenticator(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	factors, err := s.Factor.Of(c.UserContext(), p.UserID)
	if err != nil {
		return err
	}
	if factors.AuthenticatorSince != nil {
		return c.Redirect(securityPath, fiber.StatusSeeOther)
	}
	return s.authenticatorPage(c, s.Factor.Propose(p), "")
}

func (s *server) authenticatorPage(c *fiber.Ctx, proposal factor.Proposal, codeError string) error {
	form, err := settings.NewAuthenticatorForm(proposal)
	if err != nil {
		return err
	}
	p, _ := mw.Principal(c)
	form.CodeError, form.Required, form.CSRF = codeError, p.SecondFactorMissing, mw.Token(c)
	frame, items := s.settingsFrame(c, "Authenticator app")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c, settings.AuthenticatorPage(frame, items, form))
}

func (s *server) turnOnAuthenticator(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	token := c.FormValue("token")
	codes, err := s.Factor.TurnOn(c.UserContext(), p, token, c.FormValue("code"))
	if e := apperr.From(err); err != nil && e.Code == apperr.Validation {
		proposal, err := s.Factor.Repropose(p, token)
		if err != nil {
			return err
		}
		return s.authenticatorPage(c.Status(respond.Status(e.Code)), proposal, e.Field("code"))
	}
	if err != nil {
		return err
	}
	return s.recoveryCodes(c, codes, "factor-on")
}

// recoveryCodes shows new codes, or leads on where the person has some already;
// done is what to report there.
func (s *server) recoveryCodes(c *fiber.Ctx, codes []string, done string) error {
	if codes == nil {
		return leaveTo(c, securityPath+"?done="+done)
	}
	frame, items := s.settingsFrame(c, "Recovery codes")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c.Status(fiber.StatusCreated), settings.RecoveryCodesPage(frame, items, codes, securityPath+"?done="+done))
}

func (s *server) turnOffAuthenticator(c *fiber.Ctx) error {
	return s.withPassword(c, settings.FormTurnOff, func(p auth.Principal, password string) error {
		if err := s.Factor.TurnOff(c.UserContext(), p, password); err != nil {
			return err
		}
		return leaveTo(c, securityPath+"?done=factor-off")
	})
}

func (s *server) makeRecoveryCodes(c *fiber.Ctx) error {
	return s.withPassword(c, settings.FormRecoveryCodes, func(p auth.Principal, password string) error {
		codes, err := s.Factor.NewRecoveryCodes(c.UserContext(), p, password)
		if err != nil {
			return err
		}
		return s.recoveryCodes(c, codes, "saved")
	})
}

// withPassword does what asks for the password once more. Tries are limited as at
// the sign-in, and a refusal shows the page with the form open.
func (s *server) withPassword(c *fiber.Ctx, form string, do func(p auth.Principal, password string) error) error {
	p, _ := mw.Principal(c)
	err := s.limits.SignIn(c, p.Email)
	if err == nil {
		err = do(p, c.FormValue("password"))
	}
	if err == nil {
		s.limits.SignedIn(c, p.Email)
		return nil
	}
	e := apperr.From(err)
	refused := settings.Refusal{Form: form, PassError: e.Field("password")}
	switch e.Code {
	case apperr.Validation:
	case apperr.RateLimited:
		refused.RateLimited = waitText(e.RetryAfter)
		respond.SetRetryAfter(c, e.RetryAfter)
	default:
		return err
	}
	return s.securityPage(c.Status(respond.Status(e.Code)), settings.SecurityProps{Refused: refused})
}
