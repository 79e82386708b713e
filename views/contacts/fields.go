package contacts

import (
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"payaid/internal/audit"
	"payaid/internal/crm"
	"payaid/views/list"
	"payaid/views/record"
	"payaid/views/ui"
)

// fields are what can be changed about a contact, each by itself.
var fields = []record.Field{
	{Name: "firstName", Label: "First name"},
	{Name: "lastName", Label: "Last name"},
	{Name: "email", Label: "E-mail", Type: "email", Attrs: templ.Attributes{"inputmode": "email"}},
	{Name: "phone", Label: "Phone", Type: "tel", Attrs: templ.Attributes{"inputmode": "tel"}},
	{Name: "address", Label: "Address", Kind: record.Long},
	{Name: "company", Label: "Company", Attrs: companyAttrs},
	{Name: "jobTitle", Label: "Job title"},
	{Name: "gstin", Label: "GSTIN", Attrs: gstinAttrs},
	{Name: "source", Label: "Source"},
	{Name: "tags", Label: "Tags", Hint: "Separate them by commas.", Attrs: ui.TagAttrs("fact-tag-list")},
	{Name: "stage", Label: "Stage", Kind: record.Choice, Options: list.Choices(crm.Stages)},
	{Name: "status", Label: "Status", Kind: record.Choice, Options: list.Choices(crm.Statuses)},
	{Name: "warmth", Label: "Warmth", Kind: record.Choice, Options: list.Choices(crm.Warmths)},
	{Name: "ownerId", Label: "Owner", Kind: record.Choice},
	{Name: "nextFollowUp", Label: "Next follow-up", Type: "date", Quick: []ui.Option{
		{Value: Tomorrow, Label: "Tomorrow"}, {Value: NextWeek, Label: "Next week"}, {Value: NextMonth, Label: "In a month"}, {Value: NoDay, Label: "None"},
	}},
	{Name: "lastContactedAt", Label: "Last contacted", Type: "date", Quick: []ui.Option{{Value: Today, Label: "Today"}, {Value: Yesterday, Label: "Yesterday"}, {Value: NoDay, Label: "Never"}}},
	{Name: "leadScore", Label: "Lead score", Type: "number", Hint: "0 to 100.", Attrs: templ.Attributes{"min": "0", "max": "100", "inputmode": "numeric"}},
	{Name: "notes", Label: "Notes", Kind: record.Long},
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

// FindField returns the field of that name.
func FindField(name string) (record.Field, bool) {
	i := slices.IndexFunc(fields, func(f record.Field) bool { return f.Name == name })
	if i < 0 {
		return record.Field{}, false
	}
	return fields[i], true
}

// At points to the value of a field; nil for a name that no field has.
func (v *Values) At(name string) *string {
	switch name {
	case "firstName":
		return &v.FirstName
	case "lastName":
		return &v.LastName
	case "email":
		return &v.Email
	case "phone":
		return &v.Phone
	case "company":
		return &v.Company
	case "jobTitle":
		return &v.JobTitle
	case "source":
		return &v.Source
	case "address":
		return &v.Address
	case "gstin":
		return &v.GSTIN
	case "notes":
		return &v.Notes
	case "tags":
		return &v.Tags
	case "stage":
		return &v.Stage
	case "status":
		return &v.Status
	case "warmth":
		return &v.Warmth
	case "nextFollowUp":
		return &v.NextFollowUp
	case "lastContactedAt":
		return &v.LastContacted
	case "leadScore":
		return &v.LeadScore
	case "ownerId":
		return &v.Owner
	}
	return nil
}

// ValuesOfInput fills the form with what a contact is to be.
func ValuesOfInput(in crm.ContactInput) Values {
	return ValuesOf(crm.Contact{
		FirstName: in.FirstName, LastName: in.LastName, Email: in.Email, Phone: in.Phone, Company: in.Company, JobTitle: in.JobTitle, Source: in.Source,
		Address: in.Address, GSTIN: in.GSTIN, Notes: in.Notes, Tags: in.Tags, Stage: in.Stage, Status: in.Status, Warmth: in.Warmth,
		LeadScore: in.LeadScore, NextFollowUp: in.NextFollowUp, LastContactedAt: in.LastContactedAt, OwnerID: in.OwnerID,
	})
}

// Clashes compares what both sides made of the fields; since is what the log tells about their side, newest first.
func Clashes(names []string, mine, theirs Values, since []audit.Entry, owners []ui.Option) []record.Clash {
	out := make([]record.Clash, 0, len(names))
	for _, name := range names {
		field, known := FindField(name)
		if !known {
			continue
		}
		if name == "ownerId" {
			field.Options = append([]ui.Option{{Value: NoOwner, Label: "Nobody"}}, owners...)
		}
		clash := record.Clash{Name: name, Label: field.Label, Mine: field.Words(*mine.At(name)), Theirs: field.Words(*theirs.At(name)), Stored: *theirs.At(name)}
		for _, e := range since {
			if slices.ContainsFunc(e.Changes, func(c audit.Change) bool { return c.Field == strings.TrimSuffix(name, "Id") }) {
				clash.Who, clash.At = e.Actor, e.At
				break
			}
		}
		out = append(out, clash)
	}
	return out
}

// historyLabels name the fields as the log knows them.
func historyLabels() map[string]string {
	labels := map[string]string{}
	for _, f := range fields {
		labels[strings.TrimSuffix(f.Name, "Id")] = f.Label
	}
	return labels
}

// deed is an action of the log in words.
func deed(action string) string {
	switch action {
	case "contact.create":
		return "Added"
	case "contact.update":
		return "Changed"
	case "contact.delete":
		return "Moved to the trash"
	case "contact.restore":
		return "Restored"
	}
	return list.Label(strings.TrimPrefix(action, "contact."))
}

// HistoryProps describe the history of a contact.
func HistoryProps(p RecordProps, page audit.Page) record.HistoryProps {
	return record.HistoryProps{
		Base: recordURL(p.Contact.ID), Page: page, Labels: historyLabels(), Change: p.MayChange, Deed: deed, CSRF: p.CSRF,
	}
}
