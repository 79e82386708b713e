package companies

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/crm"
	"payaid/internal/gstin"
	"payaid/internal/money"
	"payaid/views/ui"
)

// Values are the fields of the form as they were typed.
type Values struct {
	Name, Parent, Type, Industry, Website, Phone, Email, GSTIN, Notes string
	Revenue                                                           string // rupees
	Employees                                                         string
	Tags                                                              string // separated by commas
	Addresses                                                         []crm.Address
	Owner                                                             string // a user's id, ui.NoOwner, or "" to leave it
}

// ValuesOf fills the form with a company.
func ValuesOf(c crm.Company) Values {
	v := Values{
		Name: c.Name, Parent: c.Parent, Type: c.Type, Industry: c.Industry, Website: c.Website, Phone: ui.FormatPhone(c.Phone), Email: c.Email,
		GSTIN: c.GSTIN, Notes: c.Notes, Tags: strings.Join(c.Tags, ", "), Addresses: c.Addresses, Owner: ui.NoOwner,
	}
	if c.AnnualRevenue != nil {
		v.Revenue = strings.TrimPrefix(money.INR(*c.AnnualRevenue), "₹\u00a0")
	}
	if c.Employees != nil {
		v.Employees = strconv.Itoa(*c.Employees)
	}
	if c.OwnerID != nil {
		v.Owner = c.OwnerID.String()
	}
	return v
}

// FormProps are what the form shows.
type FormProps struct {
	ID        uuid.UUID // uuid.Nil for a new company
	Version   int64     // that the values were read from
	Values    Values
	Errors    []ui.FieldError
	Current   *crm.Company // set when somebody else saved meanwhile: what is stored now
	Owners    []ui.Option  // empty when the viewer may not choose
	Companies []string     // suggestions for the parent
	Tags      []string     // the first ones to choose from
	Dialog    bool
	CSRF      string
}

func (p FormProps) isNew() bool { return p.ID == uuid.Nil }

func (p FormProps) action() string {
	if p.isNew() {
		return "/companies"
	}
	return recordURL(p.ID)
}

func (p FormProps) sheet() ui.FormSheetProps {
	s := ui.FormSheetProps{
		Title: "Edit company", Action: p.action(), Cancel: p.action(), Submit: "Save company",
		CSRF: p.CSRF, Errors: p.Errors, Dialog: p.Dialog,
	}
	if p.isNew() {
		s.Title, s.Text = "New company", "A name is enough."
	}
	return s
}

// field describes a control, with what was refused about it.
func (p FormProps) field(name, label, value string) ui.FieldProps {
	return ui.FieldProps{Name: name, Label: label, Value: value, Error: p.problem(name)}
}

func (p FormProps) problem(name string) string {
	for _, e := range p.Errors {
		if e.Field == name {
			return e.Message
		}
	}
	return ""
}

// moreFields stand folded away; those of addresses too.
var moreFields = []string{"gstin", "parentId", "annualRevenuePaise", "employees", "tags", "notes", "addresses"}

// showMore reports whether a folded field needs to be seen.
func (p FormProps) showMore() bool {
	return slices.ContainsFunc(p.Errors, func(e ui.FieldError) bool {
		return slices.Contains(moreFields, e.Field) || strings.HasPrefix(e.Field, "addresses[")
	})
}

// places are the addresses of the form: those there are, one for bills and one for goods where there is none, and an empty one.
func (p FormProps) places() []crm.Address {
	out := slices.Clone(p.Values.Addresses)
	for _, label := range []string{"Billing", "Shipping"} {
		if len(out) < 2 && !slices.ContainsFunc(out, func(a crm.Address) bool { return strings.EqualFold(a.Label, label) }) {
			out = append(out, crm.Address{Label: label})
		}
	}
	if len(p.Values.Addresses) >= 2 && len(out) < crm.MaxAddresses {
		out = append(out, crm.Address{})
	}
	return out
}

// PlaceField names a field of the address at the place i of the form.
func PlaceField(i int, name string) string { return "addresses[" + strconv.Itoa(i) + "]." + name }

func (p FormProps) placeField(i int, name, label, value string) ui.FieldProps {
	return p.field(PlaceField(i, name), label, value)
}

// states are what an address can lie in.
func states() []ui.Option {
	out := []ui.Option{{Value: "", Label: "Not known"}}
	for _, code := range gstin.StateCodes() {
		out = append(out, ui.Option{Value: code, Label: gstin.State(code)})
	}
	return out
}

func (p FormProps) differences() []ui.Difference {
	stored, mine := ValuesOf(*p.Current), strings.TrimSpace
	out := ui.Differing(
		[3]string{"Name", mine(p.Values.Name), stored.Name}, [3]string{"Type", p.Values.Type, stored.Type}, [3]string{"Industry", mine(p.Values.Industry), stored.Industry},
		[3]string{"E-mail", mine(p.Values.Email), stored.Email}, [3]string{"Phone", digits(mine(p.Values.Phone)), digits(stored.Phone)},
		[3]string{"Website", mine(p.Values.Website), stored.Website}, [3]string{"GSTIN", mine(p.Values.GSTIN), stored.GSTIN},
		[3]string{"Part of", mine(p.Values.Parent), stored.Parent}, [3]string{"Annual revenue", mine(p.Values.Revenue), stored.Revenue},
		[3]string{"Employees", mine(p.Values.Employees), stored.Employees}, [3]string{"Tags", mine(p.Values.Tags), stored.Tags},
		[3]string{"Notes", mine(p.Values.Notes), stored.Notes},
	)
	if !samePlaces(p.Values.Addresses, stored.Addresses) {
		texts := make([]string, len(stored.Addresses))
		for i, a := range stored.Addresses {
			texts[i] = placeLabel(a) + ": " + strings.ReplaceAll(placeText(a), "\n", ", ")
		}
		out = append(out, ui.Difference{Label: "Addresses", Stored: cmp.Or(strings.Join(texts, "\n"), "none")})
	}
	if p.Values.Owner != "" && p.Values.Owner != stored.Owner {
		out = append(out, ui.Difference{Label: "Owner", Stored: cmp.Or(p.Current.Owner, "nobody")})
	}
	return out
}

// samePlaces compares addresses, those aside that only have a label.
func samePlaces(a, b []crm.Address) bool {
	said := func(all []crm.Address) []crm.Address {
		return slices.DeleteFunc(slices.Clone(all), func(a crm.Address) bool { return placeText(a) == "" })
	}
	return slices.Equal(said(a), said(b))
}

// digits drops the spaces between the digits of a phone number.
func digits(phone string) string { return strings.ReplaceAll(phone, " ", "") }
