// Package settings holds the pages on which people set what is theirs and administrators what is the tenant's: business, people,
// teams, rights, API keys and the audit log, in a frame with a menu of their own. It shows what it is given; who may do what is decided before.
package settings

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"payaid/internal/auth"
	"payaid/views/ui"
)

// Item is a page in the menu of the settings.
type Item struct {
	Key, Label, Href string
	Icon             ui.IconName
	Group            Group
}

// Group is a part of that menu: what concerns the person, or the business.
type Group int

// The groups, in the order of the menu.
const (
	GroupYou Group = iota
	GroupBusiness
)

func (g Group) label() string { return [...]string{"You", "Business"}[g] }

func inGroup(items []Item, g Group) []Item {
	return slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return i.Group != g })
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

func autocompleted(f ui.FieldProps, what string) ui.FieldProps {
	f.Autocomplete = what
	return f
}

// without leaves out what another form on the page reports.
func without(errs []ui.FieldError, name string) []ui.FieldError {
	return slices.DeleteFunc(slices.Clone(errs), func(e ui.FieldError) bool { return e.Field == name })
}

func typed(f ui.FieldProps, kind string) ui.FieldProps {
	f.Type = kind
	return f
}

func numeric(f ui.FieldProps) ui.FieldProps {
	f.Attrs = templ.Attributes{"inputmode": "numeric"}
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
	entity, _, _ := strings.Cut(string(right), ":")
	if !slices.Contains(auth.Scoped, entity) {
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
