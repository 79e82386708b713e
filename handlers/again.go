package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/signin"
)

// againPath is where a page whose session has ended signs in without being left.
const againPath = "/login/again"

// identity names who a page was made for, so that it can tell when somebody else
// has signed in meanwhile.
func identity(p auth.Principal) string { return p.UserID.String() + "/" + p.TenantID.String() }

// showSignInAgain answers the dialog of a page whose session has ended: with the
// form, or with the new token where somebody is signed in by now.
func (s *server) showSignInAgain(c *fiber.Ctx) error {
	if !respond.IsPartial(c) {
		return c.Redirect("/login", fiber.StatusSeeOther)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	if p, ok := mw.Principal(c); ok && !p.IsKey() {
		return respond.Render(c, signin.Back(identity(p), mw.Token(c)))
	}
	return s.againForm(c, signin.AgainProps{Email: c.Query("email")})
}

func (s *server) againForm(c *fiber.Ctx, p signin.AgainProps) error {
	p.CSRF = mw.Token(c)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c, signin.Again(p))
}

// signInAgain checks the password as the sign-in page does. It leads back to
// againPath, or where the page would be led: to a second factor, say.
func (s *server) signInAgain(c *fiber.Ctx) error {
	email, password := c.FormValue("email"), c.FormValue("password")
	props := signin.AgainProps{Email: email}
	if email == "" || password == "" {
		props.Error = "Enter your password."
		return s.againForm(c.Status(fiber.StatusUnprocessableEntity), props)
	}
	err := s.limits.SignIn(c, email)
	if err == nil {
		err = s.checkPassword(c, email, password, againPath)
	}
	if err == nil {
		return nil
	}
	e := apperr.From(err)
	switch e.Code {
	case apperr.BadCredentials, apperr.NoPermission:
		props.Error = e.Message
	case apperr.RateLimited:
		props.Error = "Too many tries. Please wait " + waitText(e.RetryAfter) + " and try again."
		respond.SetRetryAfter(c, e.RetryAfter)
	default:
		return err
	}
	return s.againForm(c.Status(respond.Status(e.Code)), props)
}
