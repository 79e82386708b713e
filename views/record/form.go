package record

import (
	"cmp"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"payaid/views/ui"
)

// TagList is the id of what the fields of tags suggest, for ui.TagAttrs.
const TagList = "tag-list"

// FormProps are what the form of a record shows.
type FormProps struct {
	Entity    Entity
	ID        uuid.UUID // uuid.Nil for a new record
	Version   int64     // that the values were read from
	Values    Values
	Errors    []ui.FieldError
	Clashes   []Clash // what somebody else changed meanwhile as well
	Doubles   DuplicatesProps
	Owners    []ui.Option // empty when the viewer may not choose
	Companies []string    // suggestions
	Tags      []string    // the first ones to choose from
	Focus     string      // the field that takes the focus; "" for the first
	Kept      string      // what addresses say of the list
	Dialog    bool
	CSRF      string
}

func (p FormProps) isNew() bool { return p.ID == uuid.Nil }

// Title says what the form is for.
func (p FormProps) Title() string {
	if p.isNew() {
		return "New " + p.Entity.One
	}
	return "Edit " + p.Entity.One
}

func (p FormProps) sheet() ui.FormSheetProps {
	s := ui.FormSheetProps{Title: p.Title(), Submit: "Save " + p.Entity.One, CSRF: p.CSRF, Errors: p.Errors, Dialog: p.Dialog}
	s.Action = With(p.Entity.URL(p.ID), p.Kept)
	if p.isNew() {
		s.Text, s.Action = p.Entity.Least, With(p.Entity.Path, p.Kept)
	}
	s.Cancel = s.Action
	return s
}

// control describes the control of a field, with what was refused about it.
func (p FormProps) control(f Field) ui.FieldProps {
	props := ui.FieldProps{
		Name: f.Name, Label: f.Label, Hint: f.Hint, Value: p.Values[f.Name], Type: f.Type, Required: f.Required, Autofocus: p.focused() == f.Name, Attrs: f.Attrs,
	}
	if f.Known {
		props.Attrs = p.watched(f.Attrs)
	}
	for _, e := range p.Errors {
		if e.Field == f.Name {
			props.Error = e.Message
		}
	}
	return props
}

// watched has a field of the form ask for duplicates when its value was changed.
func (p FormProps) watched(attrs templ.Attributes) templ.Attributes {
	var include []string
	for _, f := range p.Entity.Fields {
		if f.Known {
			include = append(include, "#"+f.Name)
		}
	}
	out := templ.Attributes{
		"hx-get": p.Entity.Path + "/duplicates", "hx-trigger": "change", "hx-target": "#duplicates", "hx-swap": "outerHTML",
		"hx-include": strings.Join(append(include, "#duplicates-of"), ", "), "hx-sync": "#duplicates:replace",
	}
	for name, value := range attrs {
		out[name] = value
	}
	return out
}

// focused is the field that takes the focus, unless the summary of errors or of a conflict does.
func (p FormProps) focused() string {
	if len(p.Errors) > 0 || len(p.Clashes) > 0 || len(p.Doubles.List) > 0 {
		return ""
	}
	return cmp.Or(p.Focus, p.Entity.Fields[0].Name)
}

// showMore reports whether a folded field needs to be seen.
func (p FormProps) showMore() bool {
	return slices.ContainsFunc(p.Entity.Fields, func(f Field) bool {
		return f.More && (p.Focus == f.Name || slices.ContainsFunc(p.Clashes, func(c Clash) bool { return c.Name == f.Name }) ||
			slices.ContainsFunc(p.Errors, func(e ui.FieldError) bool { return e.Field == f.Name || strings.HasPrefix(e.Field, f.Name+"[") }))
	})
}
