package settings

import (
	"strconv"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/factor"
	"payaid/views/ui"
)

// PersonForm is what the page of one person shows.
type PersonForm struct {
	Person     auth.Person
	Values     PersonValues
	Errors     []ui.FieldError
	MayChange  bool // false: the person has a wider role than the viewer
	Roles      []auth.Role
	Teams      []ui.Option
	Owned      int64       // contacts the person looks after
	Successors []ui.Option // who may take them
	Factors    factor.State
	Own        bool // the viewer's own page
	CSRF       string
}

// PersonValues are the fields of the form as they were chosen.
type PersonValues struct {
	Role, Team, ContactScope, CompanyScope string
	Version                                int64
}

// PersonValuesOf fills the form with a person.
func PersonValuesOf(p auth.Person) PersonValues {
	v := PersonValues{Role: string(p.Role), ContactScope: string(p.ViewScopes[auth.Contacts]), CompanyScope: string(p.ViewScopes[auth.Companies]), Version: p.Version}
	if p.TeamID != nil {
		v.Team = p.TeamID.String()
	}
	return v
}

func (f PersonForm) sheet() ui.FormSheetProps {
	return ui.FormSheetProps{
		Title: f.Person.Name, Text: f.Person.Email, Action: personURL(f.Person.ID), Cancel: "/settings/people", Submit: "Save", CSRF: f.CSRF, Errors: f.Errors,
	}
}

// removalRefused reports whether the part that removes somebody needs to be seen.
func (f PersonForm) removalRefused() bool { return field(f.Errors, "successorId", "", "").Error != "" }

var scopeOptions = []ui.Option{
	{Value: "", Label: "As the role says"}, {Value: string(auth.ScopeOwn), Label: "Own only"}, {Value: string(auth.ScopeTeam), Label: "Own and the team's"},
	{Value: string(auth.ScopeAll), Label: "All"}, {Value: string(auth.ScopeNone), Label: "None"},
}

func personURL(id uuid.UUID) string { return "/settings/people/" + id.String() }

func personState(p auth.Person) (string, ui.Tone) {
	if p.Disabled {
		return "Disabled", ui.ToneDanger
	}
	if p.LastLoginAt == nil {
		return "Never signed in", ui.ToneWarn
	}
	return "Active", ui.ToneOK
}

// contactsOf counts in words.
func contactsOf(n int64) string {
	if n == 1 {
		return "1 contact"
	}
	return strconv.FormatInt(n, 10) + " contacts"
}

func pageURL(path, cursor string) string {
	if cursor == "" {
		return ""
	}
	return path + "?cursor=" + cursor
}
