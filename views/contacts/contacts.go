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

// List is what the address of a list says.
type List struct {
	crm.ContactFilter
	View string // the id of the saved view that it began with, "" for none
}

// ListProps are what the list shows.
type ListProps struct {
	Filter    List
	Page      crm.ContactPage
	Views     []crm.View
	CSRF      string
	MayCreate bool
	MayExport bool
	NoAccess  bool // the viewer sees no contact at all, whatever there is
}

// filtered reports whether the list leaves something out.
func (p ListProps) filtered() bool {
	return p.Filter.Query != "" || p.Filter.Filter != "" || p.Filter.Stage != "" || p.Filter.Status != "" || p.Filter.Cursor != ""
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
func ListURL(f List) string { return listURL("/contacts", f) }

func listURL(path string, f List) string {
	query := url.Values{}
	for name, value := range map[string]string{
		"q": f.Query, "filter": f.Filter, "stage": f.Stage, "status": f.Status, "sort": f.Sort, "cursor": f.Cursor, "view": f.View,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + readable.Replace(query.Encode())
}

// readable leaves those signs of a filter as they are that an address may hold.
var readable = strings.NewReplacer("%3A", ":", "%2C", ",", "%28", "(", "%29", ")", "%40", "@")

func exportURL(f List) string {
	f.Cursor, f.View = "", ""
	return listURL("/contacts/export.csv", f)
}

func pageURL(f List, cursor string) string {
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
	if strings.HasSuffix(field, "At") || field == "leadScore" {
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
	{Value: "company", Label: "Company A–Z"}, {Value: "-company", Label: "Company Z–A"},
	{Value: "-leadScore", Label: "Highest lead score"}, {Value: "leadScore", Label: "Lowest lead score"},
	{Value: "-lastContactedAt", Label: "Contacted last"}, {Value: "lastContactedAt", Label: "Contacted longest ago"},
	{Value: "nextFollowUp", Label: "Next follow-up first"}, {Value: "-nextFollowUp", Label: "Next follow-up last"},
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
