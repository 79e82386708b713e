package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/views/settings"
)

func (s *server) listTeams(c *fiber.Ctx) error {
	return s.showTeams(c, settings.TeamForm{})
}

func (s *server) showTeams(c *fiber.Ctx, form settings.TeamForm) error {
	p, _ := mw.Principal(c)
	teams, err := s.Tenant.Teams(c.UserContext(), p)
	if err != nil {
		return err
	}
	form.CSRF = mw.Token(c)
	frame, items := s.settingsFrame(c, "Teams")
	return respond.Render(c, settings.TeamsPage(frame, items, teams, form))
}

func (s *server) createTeam(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	name := c.FormValue("name")
	_, err := s.Tenant.AddTeam(c.UserContext(), p, name)
	if err == nil {
		return leaveTo(c, "/settings/teams?done=created")
	}
	errs, err := refusal(c, err)
	if err != nil {
		return err
	}
	return s.showTeams(c, settings.TeamForm{Name: name, Errors: errs})
}

func (s *server) showTeam(c *fiber.Ctx) error {
	return s.showTeamForm(c, nil)
}

func (s *server) updateTeam(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	version, err := formVersion(c)
	if err != nil {
		return err
	}
	if _, err := s.Tenant.RenameTeam(c.UserContext(), p, id, c.FormValue("name"), &version); err != nil {
		return s.showTeamForm(c, err)
	}
	return leaveTo(c, "/settings/teams?done=saved")
}

func (s *server) deleteTeam(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	version, err := formVersion(c)
	if err != nil {
		return err
	}
	if _, err := s.Tenant.DeleteTeam(c.UserContext(), p, id, &version); err != nil {
		return s.showTeamForm(c, err)
	}
	return leaveTo(c, "/settings/teams?done=deleted")
}

// showTeamForm shows a team, after a refusal with why and with what was typed.
func (s *server) showTeamForm(c *fiber.Ctx, refused error) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	errs, err := refusal(c, refused)
	if err != nil {
		return err
	}
	team, err := s.Tenant.Team(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	form := settings.TeamForm{Team: team, Name: team.Name, Version: team.Version, Errors: errs, CSRF: mw.Token(c)}
	if refused != nil && !apperr.Is(refused, apperr.Conflict) {
		form.Name = c.FormValue("name")
	}
	frame, items := s.settingsFrame(c, team.Name)
	return respond.Render(c, settings.TeamPage(frame, items, form))
}
