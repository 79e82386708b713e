// Package activities holds the timeline: the part of a record's page, the list of the whole team, one activity and its form.
// It shows what it is given; what a user may see and do is decided before.
package activities

import (
	"cmp"
	"strconv"
	"time"

	"github.com/google/uuid"

	"payaid/internal/activity"
	"payaid/internal/auth"
	"payaid/internal/listing"
	"payaid/views/layout"
	"payaid/views/list"
	"payaid/views/ui"
)

// Listed is the list of activities as the parts that all lists share know it.
var Listed = list.Entity{
	Key: activity.Entity, Path: "/activities", Title: "Activities", One: "activity", Many: "activities", Fields: activity.Fields,
	Orders: []ui.Option{{Value: "", Label: "Newest first"}, {Value: "occurredAt", Label: "Oldest first"}}, Default: "-occurredAt",
	Falling: []string{"occurredAt"}, Formats: activity.ExportFormats,
}

// ListProps are what the list shows.
type ListProps struct {
	list.Props
	Page      listing.Page[activity.Activity]
	MayExport bool
}

// Viewer is who looks at activities, to offer only what will be allowed.
type Viewer struct {
	Principal auth.Principal
	CSRF      string
}

func (v Viewer) mayLog() bool { return v.Principal.Can(auth.ActivitiesWrite) }

func (v Viewer) mayChange(a activity.Activity) bool { return activity.MayChange(v.Principal, a) }

func (v Viewer) mayDelete(a activity.Activity) bool {
	return v.mayChange(a) && v.Principal.Can(auth.ActivitiesDelete)
}

// Subject is the record whose timeline is shown.
type Subject struct {
	Field string // of the form: contactId or companyId
	ID    uuid.UUID
	Name  string
	Path  string // "/contacts"
	Title string // "Contacts"
}

// URL is the page of the record.
func (s Subject) URL() string { return s.Path + "/" + s.ID.String() }

func (s Subject) crumbs() []layout.Crumb {
	return []layout.Crumb{{Label: s.Title, Href: s.Path}, {Label: s.Name, Href: s.URL()}}
}

// TimelineProps are what the timeline of a record shows.
type TimelineProps struct {
	Viewer
	Subject  Subject
	Type     string // only these; "" for all
	Page     listing.Page[activity.Activity]
	Composer Values
	Errors   []ui.FieldError
	Now      string // for the composer, as an input of this kind has it
}

func (p TimelineProps) url(kind, cursor string) string {
	return list.At(p.Subject.URL()+"/timeline", map[string]string{"type": kind, "cursor": cursor})
}

func (p TimelineProps) here() string { return p.url(p.Type, "") }

func (p TimelineProps) pager() ui.PagerProps {
	props := ui.PagerProps{Summary: Listed.Summary(p.Page.Total, p.Page.Capped), Target: "#timeline"}
	if p.Page.Prev != "" {
		props.Prev = p.url(p.Type, p.Page.Prev)
	}
	if p.Page.Next != "" {
		props.Next = p.url(p.Type, p.Page.Next)
	}
	return props
}

// Values are the fields of the form as they are typed.
type Values struct {
	Type, Subject, Body, Outcome, Minutes, When string
}

// ValuesOf fills the form with an activity, in the zone of the business.
func ValuesOf(a activity.Activity, zone *time.Location) Values {
	v := Values{Type: a.Type, Subject: a.Subject, Body: a.Body, Outcome: a.Outcome, When: LocalTime(a.OccurredAt, zone)}
	if a.Duration != nil {
		v.Minutes = strconv.Itoa(*a.Duration)
	}
	return v
}

// LocalTime is a moment as an input of type datetime-local has it.
func LocalTime(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02T15:04") }

// FormProps are what the form of an activity shows.
type FormProps struct {
	Activity activity.Activity
	Values   Values
	Version  int64
	Errors   []ui.FieldError
	CSRF     string
	Dialog   bool
}

func (p FormProps) sheet() ui.FormSheetProps {
	return ui.FormSheetProps{
		Title: "Edit " + name(p.Activity), Action: activityURL(p.Activity.ID), Cancel: activityURL(p.Activity.ID), Submit: "Save", CSRF: p.CSRF, Errors: p.Errors, Dialog: p.Dialog,
	}
}

func activityURL(id uuid.UUID) string { return "/activities/" + id.String() }

// name is what an activity is called in a sentence.
func name(a activity.Activity) string {
	return map[string]string{
		activity.Note: "note", activity.Call: "call", activity.Meeting: "meeting", activity.Email: "e-mail", activity.WhatsApp: "WhatsApp message", activity.SMS: "SMS",
	}[a.Type]
}

// Title is the heading of one activity.
func Title(a activity.Activity) string { return cmp.Or(a.Subject, activity.Say(a.Type)) }

// firstLine is what a list shows of an activity.
func firstLine(a activity.Activity) string {
	const most = 120
	text := []rune(cmp.Or(a.Subject, a.Body))
	if len(text) > most {
		return string(text[:most-1]) + "…"
	}
	return string(text)
}

// recordOf is the record that the activity hangs on, and its page.
func recordOf(a activity.Activity) (label, href string) {
	if a.ContactID != nil {
		return a.Contact, "/contacts/" + a.ContactID.String()
	}
	if a.CompanyID != nil {
		return a.Company, "/companies/" + a.CompanyID.String()
	}
	return "", ""
}

func icon(kind string) ui.IconName {
	switch kind {
	case activity.Call:
		return ui.IconPhone
	case activity.Meeting:
		return ui.IconUsers
	case activity.Email:
		return ui.IconMail
	case activity.Note:
		return ui.IconFileText
	}
	return ui.IconInbox
}

func tone(outcome string) ui.Tone {
	switch outcome {
	case "positive":
		return ui.ToneOK
	case "negative":
		return ui.ToneDanger
	}
	return ui.ToneNeutral
}

func typeOptions() []ui.Option {
	out := make([]ui.Option, len(activity.Types))
	for i, kind := range activity.Types {
		out[i] = ui.Option{Value: kind, Label: activity.Say(kind)}
	}
	return out
}

func outcomeOptions() []ui.Option {
	return append([]ui.Option{{Value: "", Label: "Not said"}}, list.Choices(activity.Outcomes)...)
}

// minutes is a duration in words.
func minutes(a activity.Activity) string {
	if a.Duration == nil {
		return ""
	}
	return strconv.Itoa(*a.Duration) + " min"
}

// field is a control of a form whose ids begin with prefix: a page has one form for each thing, and ids of their own.
func field(errs []ui.FieldError, prefix, name, label, value string) ui.FieldProps {
	f := ui.FieldProps{ID: prefix + name, Name: name, Label: label, Value: value}
	for _, e := range errs {
		if e.Field == f.ID {
			f.Error = e.Message
		}
	}
	return f
}

// Prefixed are the errors of a form whose controls have ids with the prefix.
func Prefixed(errs []ui.FieldError, prefix string) []ui.FieldError {
	out := make([]ui.FieldError, len(errs))
	for i, e := range errs {
		if e.Field != "" {
			e.Field = prefix + e.Field
		}
		out[i] = e
	}
	return out
}

// ComposerPrefix begins the ids of the composer's controls.
const ComposerPrefix = "log-"

func with(f ui.FieldProps, change func(*ui.FieldProps)) ui.FieldProps {
	change(&f)
	return f
}
