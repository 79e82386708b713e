package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/join"
	"payaid/views/signin"
)

func (s *server) showInvitation(c *fiber.Ctx) error {
	return s.invitationPage(c, signin.InvitationProps{Link: signin.Link{Token: c.Query("token")}}, nil)
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
	if props.Link, err = linkOf(c, props.Token, err); err != nil {
		return err
	}
	return respond.Render(c, signin.InvitationPage(s.frame(c, "Invitation", ""), props))
}

// acceptInvitation lets in whoever is signed in, or whom it makes an account for.
func (s *server) acceptInvitation(c *fiber.Ctx) error {
	props := signin.InvitationProps{Link: signin.Link{Token: c.FormValue("token")}, Name: c.FormValue("name")}
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
