package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/settings"
	"payaid/views/ui"
)

func (s *server) listPeople(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	page, err := s.Auth.People(c.UserContext(), p, auth.PageRequest{Cursor: c.Query("cursor")})
	if err != nil {
		return err
	}
	invited, err := s.openInvitations(c, p)
	if err != nil {
		return err
	}
	frame, items := s.settingsFrame(c, "People")
	return respond.Render(c, settings.PeoplePage(frame, items, page, invited))
}

func (s *server) showPerson(c *fiber.Ctx) error {
	return s.showPersonForm(c, nil, nil)
}

func (s *server) updatePerson(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	version, err := formVersion(c)
	if err != nil {
		return err
	}
	values := settings.PersonValues{Role: c.FormValue("role"), Team: c.FormValue("teamId"), ContactScope: c.FormValue("viewScopes"), CompanyScope: c.FormValue("companyScope"), Version: version}
	patch, err := personPatch(values)
	if err == nil {
		_, err = s.Auth.UpdatePerson(c.UserContext(), p, id, patch, &version)
	}
	if err != nil {
		return s.showPersonForm(c, &values, err)
	}
	return leaveTo(c, "/settings/people?done=saved")
}

// personPatch changes every field of the form; the role is not in it for an owner.
func personPatch(v settings.PersonValues) (auth.PersonPatch, error) {
	patch := auth.PersonPatch{ViewScopes: map[string]auth.Scope{auth.Contacts: auth.Scope(v.ContactScope), auth.Companies: auth.Scope(v.CompanyScope)}, TeamID: &uuid.Nil}
	if v.Role != "" {
		role := auth.Role(v.Role)
		patch.Role = &role
	}
	team, err := optionalID(v.Team, "teamId", "Choose a team from the list.")
	if team != nil {
		patch.TeamID = team
	}
	return patch, err
}

// optionalID reads an id that a form or an address may leave out.
func optionalID(value, field, message string) (*uuid.UUID, error) {
	if value == "" {
		return nil, nil
	}
	id, err := uuid.Parse(value)
	if err != nil {
		var f apperr.Fields
		f.Add(field, message)
		return nil, f.Err()
	}
	return &id, nil
}

func (s *server) removePerson(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	version, err := formVersion(c)
	if err != nil {
		return err
	}
	heir, err := optionalID(c.FormValue("successorId"), "successorId", "Choose a person from the list.")
	if err == nil {
		_, err = s.CRM.RemoveMember(c.UserContext(), p, id, heir, &version)
	}
	if err != nil {
		return s.showPersonForm(c, nil, err)
	}
	return leaveTo(c, "/settings/people?done=removed")
}

// showPersonForm shows a person, after a refusal with why. values are what was
// chosen, nil for what is stored; so it is after a conflict, too.
func (s *server) showPersonForm(c *fiber.Ctx, values *settings.PersonValues, refused error) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	errs, err := refusal(c, refused)
	if err != nil {
		return err
	}
	person, err := s.Auth.Person(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	form := settings.PersonForm{
		Person: person, Values: settings.PersonValuesOf(person), MayChange: person.Role.Within(p.Role), Roles: p.Assignable(), Errors: errs, CSRF: mw.Token(c),
	}
	if form.Factors, err = s.Factor.Of(c.UserContext(), id); err != nil {
		return err
	}
	form.Own = id == p.UserID
	if values != nil && !apperr.Is(refused, apperr.Conflict) {
		form.Values = *values
	}
	if err := s.personChoices(c, p, &form); err != nil {
		return err
	}
	frame, items := s.settingsFrame(c, person.Name)
	return respond.Render(c, settings.PersonPage(frame, items, form))
}

// personChoices adds what there is to choose from.
func (s *server) personChoices(c *fiber.Ctx, p auth.Principal, form *settings.PersonForm) error {
	teams, err := s.Tenant.Teams(c.UserContext(), p)
	if err != nil {
		return err
	}
	form.Teams = []ui.Option{{Label: "No team"}}
	for _, t := range teams {
		form.Teams = append(form.Teams, ui.Option{Value: t.ID.String(), Label: t.Name})
	}
	if form.Owned, err = s.CRM.OwnedContacts(c.UserContext(), p, form.Person.ID); err != nil {
		return err
	}
	colleagues, err := s.Auth.Colleagues(c.UserContext(), p)
	if err != nil {
		return err
	}
	form.Successors = []ui.Option{{Label: "Nobody"}}
	for _, one := range colleagues {
		if one.UserID != form.Person.ID {
			form.Successors = append(form.Successors, ui.Option{Value: one.UserID.String(), Label: one.Name})
		}
	}
	return nil
}
