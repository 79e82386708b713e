package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/factor"
	"payaid/views/signin"
)

// secondPath is the page between a right password and the session.
const secondPath = "/login/second"

// withRecovery is how the page is asked for a recovery code instead of a code.
const withRecovery = "recovery"

func (s *server) secondFactorRoutes(app *fiber.App, small fiber.Handler) {
	app.Get(secondPath, s.csrf.Greet, s.showSecondFactor)
	s.passkeyRoutes(app, small)
	app.Post(secondPath, small, s.csrf.Protect, s.passSecondFactor)
}

// beginAgain leads who has no sign-in waiting back to the first step.
func beginAgain(c *fiber.Ctx) error { return c.Redirect("/login?late=1", fiber.StatusSeeOther) }

func (s *server) showSecondFactor(c *fiber.Ctx) error {
	waiting, ok := s.sessions.Waiting(c)
	if !ok {
		return beginAgain(c)
	}
	return s.secondFactorPage(c, waiting, signin.SecondProps{Recovery: c.Query("with") == withRecovery})
}

func (s *server) secondFactorPage(c *fiber.Ctx, waiting mw.Waiting, props signin.SecondProps) error {
	factors, err := s.Factor.Of(c.UserContext(), waiting.UserID)
	if err != nil {
		return err
	}
	props.Factors = factors
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c, signin.SecondPage(s.frame(c, "Second step", ""), props))
}

func (s *server) passSecondFactor(c *fiber.Ctx) error {
	waiting, ok := s.sessions.Waiting(c)
	if !ok {
		return beginAgain(c)
	}
	props := signin.SecondProps{Recovery: c.FormValue("with") == withRecovery}
	code := c.FormValue("code")
	if code == "" {
		props.Error = "Enter the code."
		return s.secondFactorPage(c.Status(fiber.StatusUnprocessableEntity), waiting, props)
	}
	err := s.limits.SecondFactor(c, waiting.UserID)
	if err == nil {
		err = s.checkSecondFactor(c, waiting, code, props.Recovery)
	}
	return s.passed(c, waiting, props, err)
}

// passed begins the session after the second factor, or shows the page again with
// what err says.
func (s *server) passed(c *fiber.Ctx, waiting mw.Waiting, props signin.SecondProps, err error) error {
	if err == nil {
		s.limits.SecondFactorPassed(c, waiting.UserID)
		return s.begin(c, waiting.SignedIn, waiting.Next)
	}
	e := apperr.From(err)
	switch e.Code {
	case apperr.BadCredentials, apperr.BusinessRule:
		props.Error = e.Message
	case apperr.RateLimited:
		props.RateLimited = waitText(e.RetryAfter)
		respond.SetRetryAfter(c, e.RetryAfter)
	case apperr.Unauthorized:
		return beginAgain(c)
	default:
		return err
	}
	return s.secondFactorPage(c.Status(respond.Status(e.Code)), waiting, props)
}

func (s *server) checkSecondFactor(c *fiber.Ctx, waiting mw.Waiting, code string, recovery bool) error {
	if recovery {
		return s.Factor.PassRecoveryCode(c.UserContext(), pending(waiting), code, mw.RequestOf(c))
	}
	return s.Factor.PassCode(c.UserContext(), pending(waiting), code, mw.RequestOf(c))
}

func pending(w mw.Waiting) factor.Pending {
	return factor.Pending{SignedIn: w.SignedIn, Since: w.Since}
}
