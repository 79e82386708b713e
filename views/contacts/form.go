package contacts

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/crm"
	"payaid/views/record"
	"payaid/views/ui"
)

// Values are the fields of the form as they were typed.
type Values struct {
	FirstName, LastName, Email, Phone, Company, JobTitle, Source, Address, GSTIN, Notes string
	Tags                                                                                string // separated by commas
	Stage, Status, Warmth                                                               string
	NextFollowUp                                                                        string // YYYY-MM-DD
	LastContacted                                                                       string // YYYY-MM-DD in India
	LeadScore                                                                           string // "" to leave it
	Owner                                                                               string // a user's id, NoOwner, or "" to leave it
}

// NoOwner is the value of the owner's field for nobody.
const NoOwner = ui.NoOwner

// ValuesOf fills the form with a contact.
func ValuesOf(c crm.Contact) Values {
	v := Values{
		FirstName: c.FirstName, LastName: c.LastName, Email: c.Email, Phone: ui.FormatPhone(c.Phone), Company: c.Company, JobTitle: c.JobTitle, Source: c.Source,
		Address: c.Address, GSTIN: c.GSTIN, Notes: c.Notes, Tags: strings.Join(c.Tags, ", "), Stage: c.Stage, Status: c.Status,
		Warmth: c.Warmth, NextFollowUp: c.NextFollowUp, LeadScore: strconv.Itoa(c.LeadScore), Owner: NoOwner,
	}
	if c.LastContactedAt != nil {
		v.LastContacted = ui.InputDay(*c.LastContactedAt)
	}
	if c.OwnerID != nil {
		v.Owner = c.OwnerID.String()
	}
	return v
}

// FormProps are what the form shows.
type FormProps struct {
	ID        uuid.UUID // uuid.Nil for a new contact
	Version   int64     // that the values were read from
	Values    Values
	Errors    []ui.FieldError
	Clashes   []record.Clash // what somebody else changed meanwhile as well
	Doubles   record.DuplicatesProps
	Owners    []ui.Option // empty when the viewer may not choose
	Companies []string
	Tags      []string // the first ones to choose from
	Focus     string   // the field that takes the focus; "" for the first
	Dialog    bool
	CSRF      string
}

func (p FormProps) isNew() bool { return p.ID == uuid.Nil }

func (p FormProps) action() string {
	if p.isNew() {
		return "/contacts"
	}
	return recordURL(p.ID)
}

func (p FormProps) sheet() ui.FormSheetProps {
	s := ui.FormSheetProps{
		Title: "Edit contact", Action: p.action(), Cancel: p.action(), Submit: "Save contact",
		CSRF: p.CSRF, Errors: p.Errors, Dialog: p.Dialog,
	}
	if p.isNew() {
		s.Title, s.Text = "New contact", "A name, an e-mail or a phone number is enough."
	}
	return s
}

// field describes a control, with what was refused about it.
func (p FormProps) field(name, label, value string) ui.FieldProps {
	f := ui.FieldProps{Name: name, Label: label, Value: value, Autofocus: p.focused() == name}
	for _, e := range p.Errors {
		if e.Field == name {
			f.Error = e.Message
		}
	}
	return f
}

// moreFields stand folded away.
var moreFields = []string{"status", "warmth", "source", "nextFollowUp", "gstin", "tags", "address", "notes"}

// focused is the field that takes the focus, unless the summary of errors or of a conflict does.
func (p FormProps) focused() string {
	if len(p.Errors) > 0 || len(p.Clashes) > 0 || len(p.Doubles.List) > 0 {
		return ""
	}
	return cmp.Or(p.Focus, "firstName")
}

// showMore reports whether a folded field needs to be seen.
func (p FormProps) showMore() bool {
	if slices.Contains(moreFields, p.Focus) || slices.ContainsFunc(p.Clashes, func(c record.Clash) bool { return slices.Contains(moreFields, c.Name) }) {
		return true
	}
	return slices.ContainsFunc(p.Errors, func(e ui.FieldError) bool { return slices.Contains(moreFields, e.Field) })
}
