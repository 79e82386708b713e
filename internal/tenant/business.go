package tenant

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/gstin"
	"payaid/internal/reach"
)

// Business is what a tenant says about itself. Unknown texts are "".
type Business struct {
	ID           uuid.UUID `json:"-"`
	Name         string    `json:"name"`      // what people call it
	LegalName    string    `json:"legalName"` // "" where it is the name
	GSTIN        string    `json:"gstin"`
	AddressLine1 string    `json:"addressLine1"`
	AddressLine2 string    `json:"addressLine2"`
	City         string    `json:"city"`
	PIN          string    `json:"pin"`
	StateCode    string    `json:"stateCode"` // of GST, two digits
	Phone        string    `json:"phone"`     // E.164
	Email        string    `json:"email"`     // in lower case
	TimeZone     string    `json:"timeZone"`  // IANA name
	FiscalMonth  int       `json:"fiscalMonth"`
	Logo         string    `json:"logo"` // SHA-256 of the picture; "" for none
	Version      int64     `json:"version"`
	UpdatedAt    time.Time `json:"updatedAt"`
}

// BusinessInput is what an administrator may change of it.
type BusinessInput struct {
	Name, LegalName, GSTIN           string
	AddressLine1, AddressLine2, City string
	PIN, StateCode                   string
	Phone                            string // any usual form; Indian unless it begins with +
	Email, TimeZone                  string
	FiscalMonth                      int // the month in which the financial year begins, 1 to 12
}

// Input returns what an administrator may change, as it is now.
func (b Business) Input() BusinessInput {
	return BusinessInput{
		Name: b.Name, LegalName: b.LegalName, GSTIN: b.GSTIN, AddressLine1: b.AddressLine1, AddressLine2: b.AddressLine2, City: b.City,
		PIN: b.PIN, StateCode: b.StateCode, Phone: b.Phone, Email: b.Email, TimeZone: b.TimeZone, FiscalMonth: b.FiscalMonth,
	}
}

// abroad is the state code for customers outside India; a business has its place.
const abroad = "96"

var pinCode = regexp.MustCompile(`^[1-9][0-9]{5}$`)

// normalize brings values to their stored form. A GSTIN says the state where none
// was chosen.
func (in *BusinessInput) normalize() {
	for _, s := range []*string{&in.Name, &in.LegalName, &in.AddressLine1, &in.AddressLine2, &in.City} {
		*s = strings.Join(strings.Fields(*s), " ")
	}
	in.GSTIN = gstin.Normalize(strings.TrimSpace(in.GSTIN))
	in.PIN = strings.ReplaceAll(strings.TrimSpace(in.PIN), " ", "")
	in.Phone, in.Email = reach.Phone(in.Phone), reach.Email(in.Email)
	if in.StateCode == "" && gstin.Valid(in.GSTIN) {
		in.StateCode = in.GSTIN[:2]
	}
}

func (in *BusinessInput) validate() error {
	var f apperr.Fields
	f.Check(in.Name != "", "name", "Give the business a name of at most 200 characters.")
	for _, s := range []struct{ field, value string }{
		{"name", in.Name}, {"legalName", in.LegalName}, {"addressLine1", in.AddressLine1}, {"addressLine2", in.AddressLine2}, {"city", in.City},
	} {
		f.Check(utf8.RuneCountInString(s.value) <= 200, s.field, "Use at most 200 characters.")
		f.Check(storable(s.value), s.field, "This text holds characters that cannot be stored.")
	}
	f.Check(in.GSTIN == "" || gstin.Valid(in.GSTIN), "gstin", "This is not a valid GSTIN: check the 15 characters.")
	f.Check(in.PIN == "" || pinCode.MatchString(in.PIN), "pin", "A PIN code has six digits and does not begin with 0.")
	f.Check(in.StateCode == "" || gstin.State(in.StateCode) != "" && in.StateCode != abroad, "stateCode", "Choose a state from the list.")
	if f.Field("gstin") == "" && f.Field("stateCode") == "" && in.GSTIN != "" && in.GSTIN[:2] != in.StateCode {
		f.Add("stateCode", "The GSTIN belongs to "+gstin.State(in.GSTIN[:2])+". Correct one of the two.")
	}
	f.Check(in.Phone == "" || reach.ValidPhone(in.Phone), "phone", "This does not look like a phone number.")
	f.Check(in.Email == "" || reach.ValidEmail(in.Email), "email", "This does not look like an e-mail address.")
	f.Check(validZone(in.TimeZone), "timeZone", "Choose a time zone from the list.")
	f.Check(in.FiscalMonth >= 1 && in.FiscalMonth <= 12, "fiscalMonth", "Choose a month.")
	return f.Err()
}

func businessFromRow(r db.Tenant) Business {
	return Business{
		ID: r.ID, Name: r.Name, LegalName: r.LegalName, GSTIN: r.Gstin, AddressLine1: r.AddressLine1, AddressLine2: r.AddressLine2,
		City: r.City, PIN: r.PinCode, StateCode: r.StateCode, Phone: r.Phone, Email: r.Email, TimeZone: r.TimeZone,
		FiscalMonth: int(r.FiscalMonth), Logo: r.Logo, Version: r.Version, UpdatedAt: r.UpdatedAt,
	}
}

// State is a state or territory that a business can be in.
type State struct{ Code, Name string }

// States lists them by name.
func States() []State {
	var out []State
	for _, code := range gstin.StateCodes() {
		if code != abroad {
			out = append(out, State{code, gstin.State(code)})
		}
	}
	return out
}
