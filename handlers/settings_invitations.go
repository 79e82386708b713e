package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/join"
	mailview "payaid/views/mail"
	"payaid/views/settings"
	"payaid/views/ui"
)

// openInvitations is what the page of the people shows of them.
func (s *server) openInvitations(c *fiber.Ctx, p auth.Principal) (settings.InvitationList, error) {
	open, err := s.Join.OpenInvitations(c.UserContext(), p)
	return settings.InvitationList{Invitations: open, Now: s.Now(), CSRF: mw.Token(c), ShowLinks: s.ShowLinks}, err
}

func (s *server) newInvitation(c *fiber.Ctx) error {
	return s.showInvitationForm(c, settings.InvitationForm{Role: string(auth.Member)})
}

func (s *server) showInvitationForm(c *fiber.Ctx, form settings.InvitationForm) error {
	p, _ := mw.Principal(c)
	teams, err := s.Tenant.Teams(c.UserContext(), p)
	if err != nil {
		return err
	}
	form.Teams = []ui.Option{{Label: "No team"}}
	for _, t := range teams {
		form.Teams = append(form.Teams, ui.Option{Value: t.ID.String(), Label: t.Name})
	}
	form.Roles, form.CSRF = p.Assignable(), mw.Token(c)
	frame, items := s.settingsFrame(c, "Invite somebody")
	return respond.Render(c, settings.InvitePage(frame, items, form))
}

func (s *server) createInvitation(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	form := settings.InvitationForm{Email: c.FormValue("email"), Role: c.FormValue("role"), Team: c.FormValue("teamId")}
	team, err := optionalID(form.Team, "teamId", "Choose a team from the list.")
	if err == nil {
		_, err = s.Join.Invite(c.UserContext(), p, join.InvitationInput{Email: form.Email, Role: auth.Role(form.Role), TeamID: team})
	}
	if err == nil {
		return leaveTo(c, "/settings/people?done=invited")
	}
	e := apperr.From(err)
	if !correctable(e) {
		return err
	}
	form.Errors = fieldErrors(e)
	return s.showInvitationForm(c.Status(respond.Status(e.Code)), form)
}

func (s *server) resendInvitation(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.Join.ResendInvitation(c.UserContext(), p, id); err != nil {
		return err
	}
	return leaveTo(c, "/settings/people?done=resent")
}

func (s *server) revokeInvitation(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.Join.RevokeInvitation(c.UserContext(), p, id, nil); err != nil {
		return err
	}
	return leaveTo(c, "/settings/people?done=uninvited")
}

// openInvitation answers with the link itself, where no mail would arrive. There is
// no such route elsewhere.
func (s *server) openInvitation(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	inv, token, err := s.Join.OpenInvitation(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	frame, items := s.settingsFrame(c, "Link of an invitation")
	return respond.Render(c, settings.InvitationLinkPage(frame, items, inv.Email, mailview.InvitationURL(s.BaseURL, token)))
}
