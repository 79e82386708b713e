package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/join"
	"payaid/views/signin"
	"payaid/views/ui"
)

func (s *server) showInvitation(c *fiber.Ctx) error {
	return s.invitationPage(c, signin.InvitationProps{Token: c.Query("token")}, nil)
}

// invitationPage shows what the link offers, with what refusal says against it.
func (s *server) invitationPage(c *fiber.Ctx, props signin.InvitationProps, refusal error) error {
	if p, ok := mw.Principal(c); ok {
		props.Viewer = p.Email
	}
	err := s.limits.ResetToken(c)
	if err == nil {
		props.Offer, err = s.Join.Offer(c.UserContext(), props.Token)
	}
	if err == nil {
		err = refusal
	}
	if err != nil {
		e := apperr.From(err)
		switch e.Code {
		case apperr.BusinessRule, apperr.AlreadyExists:
			props.Dead = e.Message
		case apperr.Validation:
			props.Errors = fieldErrors(e)
		case apperr.BadCredentials:
			props.Errors = []ui.FieldError{{Field: "password", Message: e.Message}}
		case apperr.RateLimited:
			props.RateLimited = waitText(e.RetryAfter)
			respond.SetRetryAfter(c, e.RetryAfter)
		default:
			return err
		}
		c.Status(respond.Status(e.Code))
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return respond.Render(c, signin.InvitationPage(s.frame(c, "Invitation", ""), props))
}

// acceptInvitation lets in whoever is signed in, or whom it makes an account for.
func (s *server) acceptInvitation(c *fiber.Ctx) error {
	props := signin.InvitationProps{Token: c.FormValue("token"), Name: c.FormValue("name")}
	if err := s.limits.ResetToken(c); err != nil {
		return s.invitationPage(c, props, err)
	}
	if p, ok := mw.Principal(c); ok && !p.IsKey() {
		in, err := s.Join.Accept(c.UserContext(), p, props.Token)
		if err != nil {
			return s.invitationPage(c, props, err)
		}
		return s.workIn(c, in, "/")
	}
	if err := s.limits.Invitation(c, props.Token); err != nil { // the password of an account may be asked for
		return s.invitationPage(c, props, err)
	}
	in, err := s.Join.Join(c.UserContext(), join.NewcomerInput{Token: props.Token, Name: props.Name, Password: c.FormValue("password")}, mw.RequestOf(c))
	if err != nil {
		return s.invitationPage(c, props, err)
	}
	return s.enter(c, in, "/")
}
