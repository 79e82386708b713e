package contacts

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"payaid/internal/crm"
	"payaid/views/list"
	"payaid/views/record"
	"payaid/views/ui"
)

// Recorded is a contact as the pages of single records know it.
var Recorded = record.Entity{
	Path: Listed.Path, Title: Listed.Title, One: Listed.One, Many: Listed.Many, Least: "A name, an e-mail or a phone number is enough.",
	Fields: fields, Unique: "email",
}

// fields are what can be changed about a contact, each by itself.
var fields = []record.Field{
	{Name: "firstName", Label: "First name"},
	{Name: "lastName", Label: "Last name"},
	{Name: "email", Label: "E-mail", Type: "email", Known: true, Attrs: templ.Attributes{"inputmode": "email"}},
	{Name: "phone", Label: "Phone", Type: "tel", Known: true, Attrs: templ.Attributes{"inputmode": "tel"}},
	{Name: "address", Label: "Address", Kind: record.Long, More: true},
	{Name: "company", Label: "Company", Attrs: companyAttrs},
	{Name: "jobTitle", Label: "Job title"},
	{Name: "gstin", Label: "GSTIN", Known: true, More: true, Attrs: templ.Attributes{"maxlength": "20", "autocapitalize": "characters", "spellcheck": "false"}},
	{Name: "source", Label: "Source", More: true},
	{Name: "tags", Label: "Tags", Hint: "Separate them by commas.", More: true, Attrs: ui.TagAttrs(record.TagList)},
	{Name: "stage", Label: "Stage", Kind: record.Choice, Options: list.Choices(crm.Stages)},
	{Name: "status", Label: "Status", Kind: record.Choice, Options: list.Choices(crm.Statuses), More: true},
	{Name: "warmth", Label: "Warmth", Kind: record.Choice, Options: list.Choices(crm.Warmths), More: true},
	{Name: "ownerId", Label: "Owner", Kind: record.Choice},
	{Name: "nextFollowUp", Label: "Next follow-up", Type: "date", More: true, Quick: []ui.Option{
		{Value: Tomorrow, Label: "Tomorrow"}, {Value: NextWeek, Label: "Next week"}, {Value: NextMonth, Label: "In a month"}, {Value: NoDay, Label: "None"},
	}},
	{Name: "lastContactedAt", Label: "Last contacted", Type: "date", More: true, Quick: []ui.Option{{Value: Today, Label: "Today"}, {Value: Yesterday, Label: "Yesterday"}, {Value: NoDay, Label: "Never"}}},
	{Name: "leadScore", Label: "Lead score", Type: "number", Hint: "0 to 100.", Attrs: templ.Attributes{"min": "0", "max": "100", "inputmode": "numeric"}},
	{Name: "notes", Label: "Notes", Kind: record.Long, More: true},
}

// A company is suggested; a name that none has makes one.
var companyAttrs = templ.Attributes{
	"list": "company-list", "hx-get": "/contacts/companies", "hx-trigger": "input changed delay:200ms",
	"hx-target": "#company-list", "hx-swap": "innerHTML", "hx-sync": "this:replace",
}

// ValuesOf are the fields of a contact as they are typed.
func ValuesOf(c crm.Contact) record.Values {
	contacted := ""
	if c.LastContactedAt != nil {
		contacted = ui.InputDay(*c.LastContactedAt)
	}
	return record.Values{
		"firstName": c.FirstName, "lastName": c.LastName, "email": c.Email, "phone": ui.FormatPhone(c.Phone), "company": c.Company, "jobTitle": c.JobTitle,
		"source": c.Source, "address": c.Address, "gstin": c.GSTIN, "notes": c.Notes, "tags": strings.Join(c.Tags, ", "), "stage": c.Stage, "status": c.Status,
		"warmth": c.Warmth, "nextFollowUp": c.NextFollowUp, "lastContactedAt": contacted, "leadScore": strconv.Itoa(c.LeadScore), "ownerId": ui.OwnerValue(c.OwnerID),
	}
}

// asksForContacted reports whether a form asks when the contact was last contacted: only where somebody came to say so.
// A form that always did would make the moment of a call the day of it, whatever else was changed.
func asksForContacted(p record.FormProps) bool {
	_, sent := p.Values["lastContactedAt"]
	return p.Focus == "lastContactedAt" || sent && len(p.Errors) > 0
}

// Note is what tells a contact in the trash apart from others of its name.
func Note(c crm.Contact) string { return cmp.Or(c.Email, ui.FormatPhone(c.Phone)) }

// companyURL is the address of the contact's company, "" where the viewer may not open it.
func companyURL(c crm.Contact, open map[uuid.UUID]bool) string {
	if c.CompanyID == nil || !open[*c.CompanyID] {
		return ""
	}
	return "/companies/" + c.CompanyID.String()
}

// The quick choices of a day.
const (
	Today     = "today"
	Yesterday = "yesterday"
	Tomorrow  = "tomorrow"
	NextWeek  = "next-week"
	NextMonth = "next-month"
	NoDay     = "none"
)

// QuickDay is the day that a quick choice means, as YYYY-MM-DD, "" for none. ok is false for anything else.
func QuickDay(choice string, today time.Time) (day string, ok bool) {
	switch choice {
	case Today:
	case Yesterday:
		today = today.AddDate(0, 0, -1)
	case Tomorrow:
		today = today.AddDate(0, 0, 1)
	case NextWeek:
		today = today.AddDate(0, 0, 7)
	case NextMonth:
		first := time.Date(today.Year(), today.Month()+1, 1, 0, 0, 0, 0, today.Location())
		last := first.AddDate(0, 1, -1) // 31 January leads to the end of February
		today = first.AddDate(0, 0, min(today.Day(), last.Day())-1)
	case NoDay:
		return "", true
	default:
		return "", false
	}
	return today.Format(time.DateOnly), true
}
