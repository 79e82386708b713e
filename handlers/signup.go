package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/join"
	mailview "payaid/views/mail"
	"payaid/views/signin"
)

// requireSignUp lets nobody pass where the installation is closed to strangers.
func (s *server) requireSignUp(c *fiber.Ctx) error {
	if !s.SignUp {
		return apperr.New(apperr.Forbidden, "Sign-up is closed on this installation. Ask whoever runs it for a business, or a colleague for an invitation to theirs.")
	}
	return c.Next()
}

func (s *server) showSignUp(c *fiber.Ctx) error {
	if p, ok := mw.Principal(c); ok && !p.IsKey() {
		return c.Redirect("/tenants/new", fiber.StatusSeeOther)
	}
	return s.signUpPage(c, signin.SignUpProps{Sent: c.Query("sent") == "1"})
}

func (s *server) signUpPage(c *fiber.Ctx, p signin.SignUpProps) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c, signin.SignUpPage(s.frame(c, "Create an account", ""), p))
}

// signUp answers the same whether or not there is an account with the e-mail.
func (s *server) signUp(c *fiber.Ctx) error {
	props := signin.SignUpProps{Email: c.FormValue("email")}
	link, err := s.requestSignUp(c, props.Email)
	if err == nil && link == "" {
		return c.Redirect("/signup?sent=1", fiber.StatusSeeOther)
	}
	if err != nil {
		e := apperr.From(err)
		switch e.Code {
		case apperr.Validation:
			props.EmailError = e.Field("email")
		case apperr.RateLimited:
			props.RateLimited = waitText(e.RetryAfter)
			respond.SetRetryAfter(c, e.RetryAfter)
		default:
			return err
		}
		c.Status(respond.Status(e.Code))
	}
	props.Link = link
	return s.signUpPage(c, props)
}

// requestSignUp has the link mailed, or returns it where no mail would arrive.
func (s *server) requestSignUp(c *fiber.Ctx, email string) (link string, err error) {
	if err := s.limits.SignUp(c, email); err != nil {
		return "", err
	}
	if !s.ShowLinks {
		return "", s.Join.RequestSignUp(c.UserContext(), email, mw.RequestOf(c))
	}
	token, err := s.Join.OpenSignUp(c.UserContext(), email, mw.RequestOf(c))
	if err != nil {
		return "", err
	}
	return mailview.SignUpURL("", token), nil
}

func (s *server) showFinishSignUp(c *fiber.Ctx) error {
	return s.finishPage(c, signin.FinishProps{Link: signin.Link{Token: c.Query("token")}}, nil)
}

// finishPage shows the form behind the link, with what refusal says against it.
func (s *server) finishPage(c *fiber.Ctx, props signin.FinishProps, refusal error) error {
	err := s.limits.ResetToken(c)
	if err == nil {
		props.Email, err = s.Join.CheckSignUp(c.UserContext(), props.Token)
	}
	if err == nil {
		err = refusal
	}
	if props.Link, err = linkOf(c, props.Token, err); err != nil {
		return err
	}
	return respond.Render(c, signin.FinishPage(s.frame(c, "Name your business", ""), props))
}

func (s *server) finishSignUp(c *fiber.Ctx) error {
	props := signin.FinishProps{Link: signin.Link{Token: c.FormValue("token")}, Business: c.FormValue("business"), Name: c.FormValue("name")}
	if err := s.limits.ResetToken(c); err != nil {
		return s.finishPage(c, props, err)
	}
	in := join.SignUpInput{Token: props.Token, Business: props.Business, Name: props.Name, Password: c.FormValue("password")}
	made, err := s.Join.SignUp(c.UserContext(), in, mw.RequestOf(c))
	if err != nil {
		return s.finishPage(c, props, err)
	}
	return s.enter(c, made, "/welcome")
}
