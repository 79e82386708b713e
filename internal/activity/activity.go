package activity

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
)

// Activity is one entry of the timeline.
type Activity struct {
	ID         uuid.UUID  `json:"id"`
	Type       string     `json:"type"`
	Subject    string     `json:"subject"`
	Body       string     `json:"body"`
	Outcome    string     `json:"outcome"`         // "" when nobody said
	Duration   *int       `json:"durationMinutes"` // nil: unknown
	OccurredAt time.Time  `json:"occurredAt"`
	ContactID  *uuid.UUID `json:"contactId"`
	Contact    string     `json:"contact"`
	CompanyID  *uuid.UUID `json:"companyId"` // of a contact: the company it belonged to then
	Company    string     `json:"company"`   // "" also while it lies in the trash
	AuthorID   *uuid.UUID `json:"authorId"`  // nil for an API key, and for who has left
	Author     string     `json:"author"`
	Version    int64      `json:"version"`
	CreatedAt  time.Time  `json:"createdAt"`
	UpdatedAt  time.Time  `json:"updatedAt"`
	DeletedAt  *time.Time `json:"deletedAt"`

	AuthorTeamID *uuid.UUID `json:"-"`
	Comments     []Comment  `json:"-"` // of a page of a timeline only
}

// The types.
const (
	Note     = "note"
	Call     = "call"
	Meeting  = "meeting"
	Email    = "email"
	WhatsApp = "whatsapp"
	SMS      = "sms"
)

// Types are what an activity can be, in the order people choose from.
var Types = []string{Note, Call, Meeting, Email, WhatsApp, SMS}

// Outcomes are how it can have gone.
var Outcomes = []string{"positive", "neutral", "negative"}

// Limits of an activity.
const (
	MaxDuration = 24 * 60 // minutes

	maxSubject = 200
	maxBody    = 10_000
	// ahead is how far the clock of whoever logs may go before ours.
	ahead = 5 * time.Minute
)

// earliest is before every activity that somebody may want to keep.
var earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)

// Input is what a new activity is made from.
type Input struct {
	Type       string // a note when ""
	Subject    string
	Body       string
	Outcome    string
	Duration   *int       // minutes
	OccurredAt *time.Time // nil: now
	ContactID  *uuid.UUID
	CompanyID  *uuid.UUID // with a contact: the contact's own where nil
}

// Patch changes the fields that are not nil; a pointer to nil says that the duration
// is unknown. What an activity hangs on stays.
type Patch struct {
	Type, Subject, Body, Outcome *string
	Duration                     **int
	OccurredAt                   *time.Time
}

func (p Patch) apply(a Activity) Input {
	in := Input{Type: a.Type, Subject: a.Subject, Body: a.Body, Outcome: a.Outcome, Duration: a.Duration, OccurredAt: &a.OccurredAt, ContactID: a.ContactID, CompanyID: a.CompanyID}
	set(&in.Type, p.Type)
	set(&in.Subject, p.Subject)
	set(&in.Body, p.Body)
	set(&in.Outcome, p.Outcome)
	set(&in.Duration, p.Duration)
	if p.OccurredAt != nil {
		in.OccurredAt = p.OccurredAt
	}
	return in
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// normalize trims, and fills in what was left out; validate tells what remains
// wrong.
func (in *Input) normalize(now time.Time) {
	in.Subject, in.Body = strings.Join(strings.Fields(in.Subject), " "), strings.TrimSpace(strings.ReplaceAll(in.Body, "\r\n", "\n"))
	if in.Type == "" {
		in.Type = Note
	}
	if in.OccurredAt == nil {
		in.OccurredAt = &now
	}
	at := in.OccurredAt.UTC().Truncate(time.Microsecond)
	in.OccurredAt = &at
}

func (in *Input) validate(now time.Time) error {
	var f apperr.Fields
	f.Check(slices.Contains(Types, in.Type), "type", "Choose one of "+strings.Join(Types, ", ")+".")
	f.Check(in.Outcome == "" || slices.Contains(Outcomes, in.Outcome), "outcome", "Choose one of "+strings.Join(Outcomes, ", ")+", or none.")
	f.Check(in.Subject+in.Body != "", "body", "Write what happened.")
	f.Check(utf8.RuneCountInString(in.Subject) <= maxSubject && storable(in.Subject), "subject", "Use at most 200 characters.")
	f.Check(utf8.RuneCountInString(in.Body) <= maxBody && storable(in.Body), "body", "Use at most 10,000 characters.")
	f.Check(in.Duration == nil || *in.Duration >= 0 && *in.Duration <= MaxDuration, "durationMinutes", "Enter the minutes, from 0 to 1440.")
	f.Check(!in.OccurredAt.After(now.Add(ahead)), "occurredAt", "This lies in the future. An activity has happened; what is to come is a task.")
	f.Check(!in.OccurredAt.Before(earliest), "occurredAt", "This is too long ago.")
	f.Check(in.ContactID != nil || in.CompanyID != nil, "contactId", "Say which contact or company this is about.")
	return f.Err()
}

// storable refuses what PostgreSQL cannot store: NUL and broken UTF-8.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// contacts reports whether somebody was spoken with or written to.
func (a Activity) contacts() bool { return a.Type != Note && a.DeletedAt == nil }

func fromRow(r db.GetActivityRow) (Activity, error) {
	a := Activity{
		ID: r.ID, Type: r.Type, Subject: r.Subject, Body: r.Body, Outcome: r.Outcome, OccurredAt: r.OccurredAt, ContactID: r.ContactID, Contact: r.ContactName,
		CompanyID: r.CompanyID, Company: r.CompanyName, AuthorID: r.AuthorID, Author: r.Author, AuthorTeamID: r.AuthorTeamID,
		Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, DeletedAt: r.DeletedAt,
	}
	if r.DurationMinutes != nil {
		n := int(*r.DurationMinutes)
		a.Duration = &n
	}
	return a, nil
}
