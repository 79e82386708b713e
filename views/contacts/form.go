package contacts

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/crm"
	"payaid/views/ui"
)

// Values are the fields of the form as they were typed.
type Values struct {
	FirstName, LastName, Email, Phone, Company, JobTitle, Source, Address, GSTIN, Notes string
	Tags                                                                                string // separated by commas
	Stage, Status, Warmth                                                               string
	NextFollowUp                                                                        string // YYYY-MM-DD
	Owner                                                                               string // a user's id, NoOwner, or "" to leave it
}

// NoOwner is the value of the owner's field for nobody.
const NoOwner = "none"

// ValuesOf fills the form with a contact.
func ValuesOf(c crm.Contact) Values {
	v := Values{
		FirstName: c.FirstName, LastName: c.LastName, Email: c.Email, Phone: FormatPhone(c.Phone), Company: c.Company, JobTitle: c.JobTitle, Source: c.Source,
		Address: c.Address, GSTIN: c.GSTIN, Notes: c.Notes, Tags: strings.Join(c.Tags, ", "), Stage: c.Stage, Status: c.Status,
		Warmth: c.Warmth, NextFollowUp: c.NextFollowUp, Owner: NoOwner,
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
	Current   *crm.Contact // set when somebody else saved meanwhile: what is stored now
	Owners    []ui.Option  // empty when the viewer may not choose
	Companies []string
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
	f := ui.FieldProps{Name: name, Label: label, Value: value}
	for _, e := range p.Errors {
		if e.Field == name {
			f.Error = e.Message
		}
	}
	return f
}

// moreFields stand folded away.
var moreFields = []string{"status", "warmth", "source", "nextFollowUp", "gstin", "tags", "address", "notes"}

// showMore reports whether a folded field needs to be seen.
func (p FormProps) showMore() bool {
	return slices.ContainsFunc(p.Errors, func(e ui.FieldError) bool { return slices.Contains(moreFields, e.Field) })
}

func (p FormProps) differences() []ui.Difference {
	stored, mine := ValuesOf(*p.Current), strings.TrimSpace
	out := ui.Differing(
		[3]string{"First name", mine(p.Values.FirstName), stored.FirstName}, [3]string{"Last name", mine(p.Values.LastName), stored.LastName},
		[3]string{"E-mail", mine(p.Values.Email), stored.Email}, [3]string{"Phone", digits(mine(p.Values.Phone)), digits(stored.Phone)},
		[3]string{"Company", mine(p.Values.Company), stored.Company}, [3]string{"Job title", mine(p.Values.JobTitle), stored.JobTitle},
		[3]string{"Stage", p.Values.Stage, stored.Stage}, [3]string{"Status", p.Values.Status, stored.Status}, [3]string{"Warmth", p.Values.Warmth, stored.Warmth},
		[3]string{"Source", mine(p.Values.Source), stored.Source}, [3]string{"Next follow-up", mine(p.Values.NextFollowUp), stored.NextFollowUp},
		[3]string{"GSTIN", mine(p.Values.GSTIN), stored.GSTIN}, [3]string{"Tags", mine(p.Values.Tags), stored.Tags},
		[3]string{"Address", mine(p.Values.Address), stored.Address}, [3]string{"Notes", mine(p.Values.Notes), stored.Notes},
	)
	if p.Values.Owner != "" && p.Values.Owner != stored.Owner {
		out = append(out, ui.Difference{Label: "Owner", Stored: cmp.Or(p.Current.Owner, "nobody")})
	}
	return out
}

// digits drops the spaces between the digits of a phone number.
func digits(phone string) string { return strings.ReplaceAll(phone, " ", "") }

// FormatPhone writes an Indian number the way people read it, +91 98765 43210. Others stay in E.164.
func FormatPhone(e164 string) string {
	rest, indian := strings.CutPrefix(e164, "+91")
	if !indian || len(rest) != 10 {
		return e164
	}
	return "+91 " + rest[:5] + " " + rest[5:]
}
