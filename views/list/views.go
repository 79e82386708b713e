package list

import (
	"cmp"
	"slices"
	"strings"

	"payaid/internal/crm"
	"payaid/views/ui"
)

// ViewFormProps are what the form of a new view shows.
type ViewFormProps struct {
	Entity
	At       Address // what the view will show
	Name     string
	Shared   bool
	MayShare bool
	Errors   []ui.FieldError
	CSRF     string
	Dialog   bool
}

func (p ViewFormProps) sheet() ui.FormSheetProps {
	return ui.FormSheetProps{
		Title: "Save as a view", Text: "Search, filters, order and columns of this list under a name.", Action: p.Path + "/views", Cancel: p.URL(p.At), Submit: "Save view",
		CSRF: p.CSRF, Errors: p.Errors, Dialog: p.Dialog,
	}
}

func (p ViewFormProps) nameError() string {
	for _, e := range p.Errors {
		if e.Field == "name" {
			return e.Message
		}
	}
	return ""
}

// AllView is the view parameter of a list that is none of the saved ones although
// one of them is the default.
const AllView = "all"

// ViewURL is the list as the view has it.
func (e Entity) ViewURL(v crm.View) string {
	return e.URL(Address{Text: v.Query, Filter: v.Filter, Sort: v.Sort, View: v.ID.String()})
}

// Under is how the list looks under the view, and with what was chosen since it was opened.
func (a Address) Under(look crm.ListSettings, v crm.View) crm.ListSettings {
	return look.Under(v).Under(crm.View{Columns: a.ColumnKeys(), Density: a.Density})
}

// ColumnKeys are the keys of Columns, nil for none.
func (a Address) ColumnKeys() []string {
	return strings.FieldsFunc(a.Columns, func(r rune) bool { return r == ',' })
}

// current is the view that the list began with, or nil.
func (p Props) current() *crm.View {
	for i, v := range p.Views {
		if v.ID.String() == p.At.View {
			return &p.Views[i]
		}
	}
	return nil
}

// changed reports whether the list is not what its view says any more.
func (p Props) changed() bool {
	v := p.current()
	if v == nil {
		return false
	}
	if p.At.Columns != "" && !slices.Equal(p.At.ColumnKeys(), v.Columns) || p.At.Density != "" && p.At.Density != v.Density {
		return true
	}
	return v.Query != p.At.Text || v.Filter != p.At.Filter || cmp.Or(v.Sort, p.Default) != cmp.Or(p.At.Sort, p.Default)
}

// saveable reports whether the list says anything that a view could keep.
func (p Props) saveable() bool {
	return p.At.Text != "" || p.At.Filter != "" || p.At.Sort != "" || p.At.Columns != "" || p.At.Density != ""
}

// saveAsURL is the form of a new view that shows what the list shows, and looks as the list does.
func (p Props) saveAsURL() string {
	a := p.At
	a.Cursor, a.View = "", ""
	a.Columns, a.Density = strings.Join(p.Look.Columns, ","), p.Look.Density
	return At(p.Path+"/views/new", a.params())
}

func (e Entity) viewActionURL(v crm.View, action string) string {
	return e.Path + "/views/" + v.ID.String() + action
}

func (e Entity) defaultLabel(v crm.View) string {
	if v.Default {
		return "Do not open with this view"
	}
	return "Open " + e.Many + " with this view"
}
