package contacts

import (
	"cmp"

	"payaid/internal/crm"
	"payaid/views/ui"
)

// ViewFormProps are what the form of a new view shows.
type ViewFormProps struct {
	List     List // what the view will show
	Name     string
	Shared   bool
	MayShare bool
	Errors   []ui.FieldError
	CSRF     string
	Dialog   bool
}

func (p ViewFormProps) sheet() ui.FormSheetProps {
	return ui.FormSheetProps{
		Title: "Save as a view", Text: "Search, filters and order of this list under a name.", Action: "/contacts/views", Cancel: ListURL(p.List), Submit: "Save view",
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
func ViewURL(v crm.View) string { return ListURL(List{ContactFilter: v.List(), View: v.ID.String()}) }

// current is the view that the list began with, or nil.
func (p ListProps) current() *crm.View {
	for i, v := range p.Views {
		if v.ID.String() == p.Filter.View {
			return &p.Views[i]
		}
	}
	return nil
}

// changed reports whether the list is not what its view says any more.
func (p ListProps) changed() bool {
	v := p.current()
	if v == nil {
		return false
	}
	return v.Query != p.Filter.Query || v.Filter != p.Filter.Filter || cmp.Or(v.Sort, "name") != cmp.Or(p.Filter.Sort, "name")
}

// saveable reports whether the list says anything that a view could keep.
func (p ListProps) saveable() bool {
	return p.Filter.Query != "" || p.Filter.Filter != "" || p.Filter.Sort != ""
}

func saveAsURL(f List) string {
	f.Cursor, f.View = "", ""
	return listURL("/contacts/views/new", f)
}

func viewActionURL(v crm.View, action string) string {
	return "/contacts/views/" + v.ID.String() + action
}

func defaultLabel(v crm.View) string {
	if v.Default {
		return "Do not open with this view"
	}
	return "Open contacts with this view"
}
