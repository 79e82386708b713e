// Package contacts holds the pages of contacts: the list, the record and the form. It shows what it is given; what a user may
// see and do is decided before.
package contacts

import (
	"github.com/google/uuid"

	"payaid/internal/crm"
	"payaid/views/list"
	"payaid/views/ui"
)

// Listed is the list of contacts as the parts that all lists share know it.
var Listed = list.Entity{
	Key: crm.EntityContacts, Path: "/contacts", Title: "Contacts", One: "contact", Many: "contacts", Fields: crm.ContactFields,
	Orders: sortOptions, Default: "name", Falling: []string{"leadScore", "lastContactedAt", "createdAt", "updatedAt"}, Formats: crm.ExportFormats,
}

// ListProps are what the list shows.
type ListProps struct {
	list.Props
	Page      crm.ContactPage
	Owners    []ui.Option        // to whom the viewer may give contacts
	Open      map[uuid.UUID]bool // the companies of the page that the viewer may open
	MayCreate bool
	MayDelete bool
	MayExport bool
	NoAccess  bool // the viewer sees no contact at all, whatever there is
}

// firstUse reports whether there is nothing to list yet.
func (p ListProps) firstUse() bool { return len(p.Page.Contacts) == 0 && !p.At.Filtered() }

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
