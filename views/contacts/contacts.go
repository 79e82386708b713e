// Package contacts holds the pages of contacts: the list, the record and the form. It shows what it is given; what a user may
// see and do is decided before.
package contacts

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/crm"
	"payaid/views/ui"
)

// ListProps are what the list shows.
type ListProps struct {
	Filter    crm.ContactFilter
	Page      crm.ContactPage
	MayCreate bool
	MayExport bool
	NoAccess  bool // the viewer sees no contact at all, whatever there is
}

// filtered reports whether the list leaves something out.
func (p ListProps) filtered() bool {
	return p.Filter.Query != "" || p.Filter.Stage != "" || p.Filter.Status != "" || p.Filter.Cursor != ""
}

// firstUse reports whether there is nothing to list yet.
func (p ListProps) firstUse() bool { return len(p.Page.Contacts) == 0 && !p.filtered() }

// summary is the size of the list in words.
func (p ListProps) summary() string {
	switch {
	case p.Page.Capped:
		return "10,000+ contacts"
	case p.Page.Total == 1:
		return "1 contact"
	case p.Page.Total >= 1000:
		return strconv.Itoa(p.Page.Total/1000) + "," + strconv.Itoa(p.Page.Total%1000 + 1000)[1:] + " contacts"
	}
	return strconv.Itoa(p.Page.Total) + " contacts"
}

// ListURL is the address of a list, without the parameters that say nothing.
func ListURL(f crm.ContactFilter) string { return listURL("/contacts", f) }

func listURL(path string, f crm.ContactFilter) string {
	query := url.Values{}
	for name, value := range map[string]string{
		"q": f.Query, "stage": f.Stage, "status": f.Status, "sort": f.Sort, "cursor": f.Cursor,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func exportURL(f crm.ContactFilter) string {
	f.Cursor = ""
	return listURL("/contacts/export.csv", f)
}

func pageURL(f crm.ContactFilter, cursor string) string {
	if cursor == "" {
		return ""
	}
	f.Cursor = cursor
	return ListURL(f)
}

// sortHeader is the head of a column. The first press on a date gives the newest, a second one turns the order round.
func (p ListProps) sortHeader(label, field string) ui.SortHeaderProps {
	f := p.Filter
	current, first := f.Sort, field
	if current == "" {
		current = "name"
	}
	if strings.HasSuffix(field, "At") {
		first = "-" + field
	}
	dir := ui.Unsorted
	f.Sort, f.Cursor = first, ""
	switch current {
	case field:
		dir, f.Sort = ui.Ascending, "-"+field
	case "-" + field:
		dir, f.Sort = ui.Descending, field
	}
	if f.Sort == "name" {
		f.Sort = ""
	}
	return ui.SortHeaderProps{Label: label, Href: ListURL(f), Dir: dir, Target: "#results"}
}

var sortOptions = []ui.Option{
	{Value: "", Label: "Name A–Z"}, {Value: "-name", Label: "Name Z–A"},
	{Value: "email", Label: "E-mail A–Z"}, {Value: "-email", Label: "E-mail Z–A"},
	{Value: "-createdAt", Label: "Newest first"}, {Value: "createdAt", Label: "Oldest first"},
	{Value: "-updatedAt", Label: "Changed last"}, {Value: "updatedAt", Label: "Changed longest ago"},
}

// options turns the states of a contact into choices.
func options(values []string) []ui.Option {
	out := make([]ui.Option, len(values))
	for i, v := range values {
		out[i] = ui.Option{Value: v, Label: label(v)}
	}
	return out
}

func withAny(words string, values []string) []ui.Option {
	return append([]ui.Option{{Label: words}}, options(values)...)
}

// label is a state as people read it.
func label(state string) string {
	if state == "" {
		return ""
	}
	return strings.ToUpper(state[:1]) + state[1:]
}

// tone colours a stage, a status or a warmth.
func tone(state string) ui.Tone {
	switch state {
	case "customer", "active":
		return ui.ToneOK
	case "contact", "warm":
		return ui.ToneInfo
	case "prospect", "hot":
		return ui.ToneWarn
	case "lost":
		return ui.ToneDanger
	}
	return ui.ToneNeutral
}

func recordURL(id uuid.UUID) string { return "/contacts/" + id.String() }
