// Package settings holds the pages of a tenant's administrators: people, teams, rights, API keys and the audit log, in a frame
// with a menu of their own. It shows what it is given; who may do what is decided before.
package settings

import (
	"strings"

	"payaid/internal/auth"
	"payaid/views/ui"
)

// Item is a page in the menu of the settings.
type Item struct {
	Key, Label, Href string
	Icon             ui.IconName
}

// field describes a control, with what was refused about it.
func field(errs []ui.FieldError, name, label, value string) ui.FieldProps {
	f := ui.FieldProps{Name: name, Label: label, Value: value}
	for _, e := range errs {
		if e.Field == name {
			f.Error = e.Message
		}
	}
	return f
}

func hinted(f ui.FieldProps, hint string) ui.FieldProps {
	f.Hint = hint
	return f
}

func required(f ui.FieldProps) ui.FieldProps {
	f.Required = true
	return f
}

func dated(f ui.FieldProps) ui.FieldProps {
	f.Type = "date"
	return f
}

func roleOptions(roles []auth.Role) []ui.Option {
	out := make([]ui.Option, len(roles))
	for i, r := range roles {
		out[i] = ui.Option{Value: string(r), Label: r.Label()}
	}
	return out
}

// reach is how far a right goes, in words.
func reach(r auth.Role, right auth.Right) string {
	if !r.Has(right) {
		return "No"
	}
	if !strings.HasPrefix(string(right), auth.Contacts) {
		return "Yes"
	}
	return scopeLabel(r.Reach(right))
}

func scopeLabel(s auth.Scope) string {
	switch s {
	case auth.ScopeAll:
		return "All"
	case auth.ScopeTeam:
		return "Own and the team's"
	case auth.ScopeOwn:
		return "Own"
	}
	return "None"
}
