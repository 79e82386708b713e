package crm

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/gstin"
	"payaid/internal/reach"
)

// Contact is one person the business knows. Unknown texts are "".
type Contact struct {
	ID              uuid.UUID  `json:"id"`
	FirstName       string     `json:"firstName"`
	LastName        string     `json:"lastName"`
	Name            string     `json:"name"`  // what lists show: the name, else the e-mail, else the phone
	Email           string     `json:"email"` // in lower case
	Phone           string     `json:"phone"` // E.164
	CompanyID       *uuid.UUID `json:"companyId"`
	Company         string     `json:"company"`
	JobTitle        string     `json:"jobTitle"`
	Source          string     `json:"source"`
	Address         string     `json:"address"`
	GSTIN           string     `json:"gstin"`
	Notes           string     `json:"notes"`
	Tags            []string   `json:"tags"`
	Stage           string     `json:"stage"`
	Status          string     `json:"status"`
	Warmth          string     `json:"warmth"`
	LeadScore       int        `json:"leadScore"` // 0 to 100
	LastContactedAt *time.Time `json:"lastContactedAt"`
	NextFollowUp    string     `json:"nextFollowUp"` // YYYY-MM-DD in the tenant's time zone, or ""
	OwnerID         *uuid.UUID `json:"ownerId"`
	Owner           string     `json:"owner"`
	Version         int64      `json:"version"`
	CreatedAt       time.Time  `json:"createdAt"`
	UpdatedAt       time.Time  `json:"updatedAt"`
	DeletedAt       *time.Time `json:"deletedAt"`
}

// The states of a contact, in the order people choose from.
var (
	Stages   = []string{"prospect", "contact", "customer"}
	Statuses = []string{"active", "inactive", "lost"}
	Warmths  = []string{"cold", "warm", "hot"}
)

// Head implements Recorded.
func (c Contact) Head() Head {
	return Head{ID: c.ID, Name: c.Name, OwnerID: c.OwnerID, Owner: c.Owner, Version: c.Version, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, DeletedAt: c.DeletedAt}
}

// ContactInput is what a new contact is made from. At least one of the name,
// the e-mail and the phone must be known.
type ContactInput struct {
	FirstName    string     `json:"firstName"`
	LastName     string     `json:"lastName"`
	Email        string     `json:"email"`
	Phone        string     `json:"phone"`   // any usual form; Indian unless it begins with +
	Company      string     `json:"company"` // a name: the company is found or made
	JobTitle     string     `json:"jobTitle"`
	Source       string     `json:"source"`
	Address      string     `json:"address"`
	GSTIN        string     `json:"gstin"`
	Notes        string     `json:"notes"`
	Tags         []string   `json:"tags"`
	Stage        string     `json:"stage"`  // prospect when ""
	Status       string     `json:"status"` // active when ""
	Warmth       string     `json:"warmth"` // cold when ""
	LeadScore    int        `json:"leadScore"`
	NextFollowUp string     `json:"nextFollowUp"` // YYYY-MM-DD or ""
	OwnerID      *uuid.UUID `json:"ownerId"`      // nil: whoever creates it

	LastContactedAt *time.Time `json:"lastContactedAt"` // nil: never, or nobody knows

	known     *uuid.UUID // the company of a contact that is changed, which may lie in the trash
	knownName string
}

// ContactPatch changes the fields that are not nil. "" empties a text; uuid.Nil
// takes the owner away, a pointer to nil the time of the last contact.
type ContactPatch struct {
	FirstName, LastName, Email, Phone, Company, JobTitle, Source, Address, GSTIN, Notes *string
	Tags                                                                                *[]string
	Stage, Status, Warmth                                                               *string
	LeadScore                                                                           *int
	NextFollowUp                                                                        *string
	OwnerID                                                                             *uuid.UUID
	LastContactedAt                                                                     **time.Time
}

// apply returns the input that the contact c would be made from after the patch.
func (p ContactPatch) apply(c Contact) ContactInput {
	in := ContactInput{
		FirstName: c.FirstName, LastName: c.LastName, Email: c.Email, Phone: c.Phone, Company: c.Company, JobTitle: c.JobTitle,
		Source: c.Source, Address: c.Address, GSTIN: c.GSTIN, Notes: c.Notes, Tags: c.Tags, Stage: c.Stage, Status: c.Status,
		Warmth: c.Warmth, LeadScore: c.LeadScore, NextFollowUp: c.NextFollowUp, OwnerID: c.OwnerID, LastContactedAt: c.LastContactedAt,
		known: c.CompanyID, knownName: c.Company,
	}
	set(&in.FirstName, p.FirstName)
	set(&in.LastName, p.LastName)
	set(&in.Email, p.Email)
	set(&in.Phone, p.Phone)
	set(&in.Company, p.Company)
	set(&in.JobTitle, p.JobTitle)
	set(&in.Source, p.Source)
	set(&in.Address, p.Address)
	set(&in.GSTIN, p.GSTIN)
	set(&in.Notes, p.Notes)
	set(&in.Tags, p.Tags)
	set(&in.Stage, p.Stage)
	set(&in.Status, p.Status)
	set(&in.Warmth, p.Warmth)
	set(&in.LeadScore, p.LeadScore)
	set(&in.NextFollowUp, p.NextFollowUp)
	set(&in.LastContactedAt, p.LastContactedAt)
	in.OwnerID = known(in.OwnerID, p.OwnerID)
	return in
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

const (
	maxShort = 200   // names, titles, sources
	maxLong  = 10000 // notes, addresses
	maxTags  = 50
	maxTag   = 50
)

// normalize trims and brings values to their stored form; validate tells what
// remains wrong. Both together decide about every contact, whether typed, sent
// or imported.
func (in *ContactInput) normalize() {
	for _, s := range []*string{&in.FirstName, &in.LastName, &in.Company, &in.JobTitle, &in.Source} {
		*s = strings.Join(strings.Fields(*s), " ")
	}
	for _, s := range []*string{&in.Address, &in.Notes, &in.NextFollowUp} {
		*s = strings.TrimSpace(*s)
	}
	in.Email = reach.Email(in.Email)
	in.GSTIN = gstin.Normalize(in.GSTIN)
	in.Phone = reach.Phone(in.Phone)
	in.Tags = normalizeTags(in.Tags)
	in.Stage = orDefault(in.Stage, Stages[0])
	in.Status = orDefault(in.Status, Statuses[0])
	in.Warmth = orDefault(in.Warmth, Warmths[0])
	if in.LastContactedAt != nil {
		at := in.LastContactedAt.UTC().Truncate(time.Microsecond)
		in.LastContactedAt = &at
	}
}

func orDefault(s, otherwise string) string {
	if s = strings.ToLower(strings.TrimSpace(s)); s == "" {
		return otherwise
	}
	return s
}

func normalizeTags(tags []string) []string {
	out := []string{}
	for _, t := range tags {
		t = normalTag(t)
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func (in *ContactInput) validate() error {
	var f apperr.Fields
	f.Check(in.FirstName != "" || in.LastName != "" || in.Email != "" || in.Phone != "", "firstName", "Enter a name, an e-mail or a phone number.")
	for _, s := range []struct{ field, value string }{
		{"firstName", in.FirstName}, {"lastName", in.LastName}, {"company", in.Company}, {"jobTitle", in.JobTitle}, {"source", in.Source},
	} {
		f.Check(utf8.RuneCountInString(s.value) <= maxShort, s.field, "Use at most 200 characters.")
		f.Check(printable(s.value), s.field, "This text holds characters that cannot be stored.")
	}
	for _, s := range []struct{ field, value string }{{"address", in.Address}, {"notes", in.Notes}} {
		f.Check(utf8.RuneCountInString(s.value) <= maxLong, s.field, "Use at most 10,000 characters.")
		f.Check(printable(s.value), s.field, "This text holds characters that cannot be stored.")
	}
	f.Check(in.Email == "" || reach.ValidEmail(in.Email), "email", "This does not look like an e-mail address.")
	f.Check(in.Phone == "" || reach.ValidPhone(in.Phone), "phone", "This does not look like a phone number.")
	f.Check(in.GSTIN == "" || gstin.Valid(in.GSTIN), "gstin", "This is not a valid GSTIN: check the 15 characters.")
	f.Check(slices.Contains(Stages, in.Stage), "stage", "Choose one of "+strings.Join(Stages, ", ")+".")
	f.Check(slices.Contains(Statuses, in.Status), "status", "Choose one of "+strings.Join(Statuses, ", ")+".")
	f.Check(slices.Contains(Warmths, in.Warmth), "warmth", "Choose one of "+strings.Join(Warmths, ", ")+".")
	f.Check(in.LeadScore >= 0 && in.LeadScore <= 100, "leadScore", "Choose a number from 0 to 100.")
	checkTags(&f, in.Tags)
	if _, err := in.followUp(); err != nil {
		f.Add("nextFollowUp", "Enter a date as YYYY-MM-DD.")
	}
	return f.Err()
}

// clockLead is how far the clock of whoever tells a moment may be ahead of ours.
const clockLead = time.Minute

// checkContacted refuses a last contact that is still to come.
func (in *ContactInput) checkContacted(now time.Time) error {
	var f apperr.Fields
	f.Check(in.LastContactedAt == nil || !in.LastContactedAt.After(now.Add(clockLead)), "lastContactedAt", "This has not come yet: enter a day up to today.")
	f.Check(in.LastContactedAt == nil || in.LastContactedAt.Year() >= 1900, "lastContactedAt", "Enter a day after 1900.")
	return f.Err()
}

// printable refuses what PostgreSQL cannot store: NUL and broken UTF-8.
func printable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// followUp returns the follow-up date at midnight UTC, or nil.
func (in *ContactInput) followUp() (*time.Time, error) {
	if in.NextFollowUp == "" {
		return nil, nil
	}
	d, err := time.Parse(time.DateOnly, in.NextFollowUp)
	return &d, err
}

func contactFromRow(r db.GetContactRow) Contact {
	c := Contact{
		ID: r.ID, FirstName: r.FirstName, LastName: r.LastName, Name: r.Name, Email: r.Email, Phone: r.Phone, CompanyID: r.CompanyID,
		Company: r.CompanyName, JobTitle: r.JobTitle, Source: r.Source, Address: r.Address, GSTIN: r.Gstin, Notes: r.Notes, Tags: r.Tags,
		Stage: r.Stage, Status: r.Status, Warmth: r.Warmth, LeadScore: int(r.LeadScore), LastContactedAt: r.LastContactedAt,
		OwnerID: r.OwnerID, Owner: r.OwnerName, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, DeletedAt: r.DeletedAt,
	}
	if r.NextFollowUp != nil {
		c.NextFollowUp = r.NextFollowUp.Format(time.DateOnly)
	}
	return c
}
