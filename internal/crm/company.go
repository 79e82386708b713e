package crm

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/gstin"
	"payaid/internal/reach"
)

// Company is one business that the tenant deals with. Unknown texts are "".
type Company struct {
	ID            uuid.UUID  `json:"id"`
	Name          string     `json:"name"`
	ParentID      *uuid.UUID `json:"parentId"`
	Parent        string     `json:"parent"` // "" also while it lies in the trash
	Type          string     `json:"type"`
	Industry      string     `json:"industry"`
	AnnualRevenue *int64     `json:"annualRevenuePaise"` // nil: unknown
	Employees     *int       `json:"employees"`          // nil: unknown
	Website       string     `json:"website"`            // with its scheme
	Phone         string     `json:"phone"`              // E.164
	Email         string     `json:"email"`              // in lower case
	GSTIN         string     `json:"gstin"`
	Tags          []string   `json:"tags"`
	Notes         string     `json:"notes"`
	Addresses     []Address  `json:"addresses"`
	OwnerID       *uuid.UUID `json:"ownerId"`
	Owner         string     `json:"owner"`
	Version       int64      `json:"version"`
	CreatedAt     time.Time  `json:"createdAt"`
	UpdatedAt     time.Time  `json:"updatedAt"`
	DeletedAt     *time.Time `json:"deletedAt"`
}

// Head implements Recorded.
func (c Company) Head() Head {
	return Head{ID: c.ID, Name: c.Name, OwnerID: c.OwnerID, Owner: c.Owner, Version: c.Version, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, DeletedAt: c.DeletedAt}
}

// Address is one place of a company.
type Address struct {
	Label     string `json:"label"` // "Billing"
	Lines     string `json:"lines"` // street and building, with line breaks
	City      string `json:"city"`
	StateCode string `json:"stateCode"` // of GST, two digits
	PIN       string `json:"pin"`
}

// CompanyTypes are what a company can be, in the order people choose from.
var CompanyTypes = []string{"customer", "partner", "competitor"}

// Limits of a company.
const (
	MaxAddresses    = 10
	MaxCompanyDepth = 5 // levels of a hierarchy

	maxRevenue   = 9_000_000_000_000_000 // paise; what programs that count in floats still hold exactly
	maxEmployees = 10_000_000
	maxWebsite   = 500
)

// CompanyInput is what a new company is made from.
type CompanyInput struct {
	Name          string     `json:"name"`
	ParentID      *uuid.UUID `json:"parentId"`
	ParentName    string     // of an existing company; does nothing when ParentID is set
	Type          string     `json:"type"` // customer when ""
	Industry      string     `json:"industry"`
	AnnualRevenue *int64     `json:"annualRevenuePaise"`
	Employees     *int       `json:"employees"`
	Website       string     `json:"website"` // https:// where it names no scheme
	Phone         string     `json:"phone"`   // any usual form; Indian unless it begins with +
	Email         string     `json:"email"`
	GSTIN         string     `json:"gstin"`
	Tags          []string   `json:"tags"`
	Notes         string     `json:"notes"`
	Addresses     []Address  `json:"addresses"`
	OwnerID       *uuid.UUID `json:"ownerId"` // nil: whoever creates it
}

// CompanyPatch changes the fields that are not nil. "" empties a text; uuid.Nil
// takes the parent or the owner away, a pointer to nil says that a number is unknown.
type CompanyPatch struct {
	Name, ParentName, Type, Industry, Website, Phone, Email, GSTIN, Notes *string
	ParentID                                                              *uuid.UUID
	AnnualRevenue                                                         **int64 `json:"annualRevenuePaise"`
	Employees                                                             **int
	Tags                                                                  *[]string
	Addresses                                                             *[]Address
	OwnerID                                                               *uuid.UUID
}

// apply returns the input that the company c would be made from after the patch.
func (p CompanyPatch) apply(c Company) CompanyInput {
	in := CompanyInput{
		Name: c.Name, ParentID: c.ParentID, Type: c.Type, Industry: c.Industry, AnnualRevenue: c.AnnualRevenue, Employees: c.Employees,
		Website: c.Website, Phone: c.Phone, Email: c.Email, GSTIN: c.GSTIN, Tags: c.Tags, Notes: c.Notes, Addresses: c.Addresses, OwnerID: c.OwnerID,
	}
	set(&in.Name, p.Name)
	set(&in.Type, p.Type)
	set(&in.Industry, p.Industry)
	set(&in.Website, p.Website)
	set(&in.Phone, p.Phone)
	set(&in.Email, p.Email)
	set(&in.GSTIN, p.GSTIN)
	set(&in.Notes, p.Notes)
	set(&in.Tags, p.Tags)
	set(&in.Addresses, p.Addresses)
	if p.ParentName != nil && *p.ParentName != c.Parent { // one that lies in the trash has no name here and stays
		in.ParentID, in.ParentName = nil, *p.ParentName
	}
	in.ParentID, in.OwnerID = known(in.ParentID, p.ParentID), known(in.OwnerID, p.OwnerID)
	set(&in.AnnualRevenue, p.AnnualRevenue)
	set(&in.Employees, p.Employees)
	return in
}

// Input is what a new company is made from whose fields are those of the patch.
func (p CompanyPatch) Input() CompanyInput { return p.apply(Company{}) }

// known is what an id becomes that may be changed, or taken away by uuid.Nil.
func known(id, changed *uuid.UUID) *uuid.UUID {
	if changed != nil {
		id = changed
	}
	if id != nil && *id == uuid.Nil {
		return nil
	}
	return id
}

var (
	pinCode   = regexp.MustCompile(`^[1-9][0-9]{5}$`)
	hasScheme = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)
)

// normalize trims and brings values to their stored form; validate tells what
// remains wrong.
func (in *CompanyInput) normalize() {
	for _, s := range []*string{&in.Name, &in.ParentName, &in.Industry} {
		*s = strings.Join(strings.Fields(*s), " ")
	}
	in.Notes = strings.TrimSpace(in.Notes)
	in.Website = withScheme(in.Website)
	in.Email, in.Phone, in.GSTIN = reach.Email(in.Email), reach.Phone(in.Phone), gstin.Normalize(in.GSTIN)
	in.Tags = normalizeTags(in.Tags)
	in.Type = orDefault(in.Type, CompanyTypes[0])
	places := make([]Address, 0, len(in.Addresses))
	for _, a := range in.Addresses {
		a = a.normal()
		if a.Lines+a.City+a.StateCode+a.PIN != "" { // a label alone says nothing
			places = append(places, a)
		}
	}
	in.Addresses = places
}

// withScheme is a website as it is stored.
func withScheme(website string) string {
	if website = strings.TrimSpace(website); website != "" && !hasScheme.MatchString(website) {
		website = "https://" + website
	}
	return website
}

func (a Address) normal() Address {
	return Address{
		Label: strings.Join(strings.Fields(a.Label), " "), Lines: strings.TrimSpace(a.Lines), City: strings.Join(strings.Fields(a.City), " "),
		StateCode: strings.TrimSpace(a.StateCode), PIN: strings.ReplaceAll(strings.TrimSpace(a.PIN), " ", ""),
	}
}

func (in *CompanyInput) validate() error {
	var f apperr.Fields
	f.Check(in.Name != "", "name", "Enter the company's name.")
	for _, s := range []struct {
		field, value string
		most         int
	}{{"name", in.Name, maxShort}, {"parentId", in.ParentName, maxShort}, {"industry", in.Industry, maxShort}, {"website", in.Website, maxWebsite}, {"notes", in.Notes, maxLong}} {
		f.Check(utf8.RuneCountInString(s.value) <= s.most, s.field, "Use at most "+strconv.Itoa(s.most)+" characters.")
		f.Check(printable(s.value), s.field, "This text holds characters that cannot be stored.")
	}
	f.Check(slices.Contains(CompanyTypes, in.Type), "type", "Choose one of "+strings.Join(CompanyTypes, ", ")+".")
	f.Check(in.AnnualRevenue == nil || *in.AnnualRevenue >= 0 && *in.AnnualRevenue <= maxRevenue, "annualRevenuePaise", "Enter an amount that is not negative, up to ₹ 90 lakh crore.")
	f.Check(in.Employees == nil || *in.Employees >= 0 && *in.Employees <= maxEmployees, "employees", "Enter a number from 0 to 10,000,000.")
	f.Check(in.Website == "" || webAddress(in.Website), "website", "This does not look like the address of a website.")
	f.Check(in.Email == "" || reach.ValidEmail(in.Email), "email", "This does not look like an e-mail address.")
	f.Check(in.Phone == "" || reach.ValidPhone(in.Phone), "phone", "This does not look like a phone number.")
	f.Check(in.GSTIN == "" || gstin.Valid(in.GSTIN), "gstin", "This is not a valid GSTIN: check the 15 characters.")
	checkTags(&f, in.Tags)
	f.Check(len(in.Addresses) <= MaxAddresses, "addresses", "Use at most 10 addresses.")
	for i, a := range in.Addresses[:min(len(in.Addresses), MaxAddresses)] {
		a.check(&f, "addresses["+strconv.Itoa(i)+"].")
	}
	return f.Err()
}

func (a Address) check(f *apperr.Fields, at string) {
	for _, s := range []struct {
		field, value string
		most         int
	}{{"label", a.Label, 50}, {"lines", a.Lines, 500}, {"city", a.City, maxShort}} {
		f.Check(utf8.RuneCountInString(s.value) <= s.most, at+s.field, "Use at most "+strconv.Itoa(s.most)+" characters.")
		f.Check(printable(s.value), at+s.field, "This text holds characters that cannot be stored.")
	}
	f.Check(a.StateCode == "" || gstin.State(a.StateCode) != "", at+"stateCode", "Choose a state from the list.")
	f.Check(a.PIN == "" || pinCode.MatchString(a.PIN) || a.StateCode == abroad && len(a.PIN) <= 20 && printable(a.PIN), at+"pin", "A PIN code has six digits and does not begin with 0.")
}

// abroad is the state code of other countries, which have postal codes of their own.
const abroad = "96"

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && strings.Contains(u.Hostname(), ".") && u.User == nil && !strings.ContainsAny(s, " \"<>")
}

func checkTags(f *apperr.Fields, tags []string) {
	f.Check(len(tags) <= maxTags, "tags", "Use at most 50 tags.")
	for _, t := range tags {
		f.Check(utf8.RuneCountInString(t) <= maxTag && printable(t), "tags", "A tag has at most 50 characters.")
	}
}

func companyFromRow(r db.GetCompanyRow) (Company, error) {
	c := Company{
		ID: r.ID, Name: r.Name, ParentID: r.ParentID, Parent: r.ParentName, Type: r.Type, Industry: r.Industry, AnnualRevenue: r.AnnualRevenue,
		Website: r.Website, Phone: r.Phone, Email: r.Email, GSTIN: r.Gstin, Tags: r.Tags, Notes: r.Notes, OwnerID: r.OwnerID, Owner: r.OwnerName,
		Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, DeletedAt: r.DeletedAt,
	}
	if r.Employees != nil {
		n := int(*r.Employees)
		c.Employees = &n
	}
	if err := json.Unmarshal(r.Addresses, &c.Addresses); err != nil {
		return c, fmt.Errorf("read the addresses of company %s: %w", r.ID, err)
	}
	return c, nil
}
