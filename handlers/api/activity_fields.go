package api

import (
	"time"

	"github.com/google/uuid"

	"payaid/internal/activity"
)

// Activity is an entry of the timeline as programs see it.
type Activity struct {
	ID         uuid.UUID  `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c60"`
	Type       string     `json:"type" enum:"note,call,meeting,email,whatsapp,sms" example:"call"`
	Subject    string     `json:"subject" example:"Asked for prices" doc:"Empty when there is none, like every text here"`
	Body       string     `json:"body" example:"Wants 200 pieces by March."`
	Outcome    string     `json:"outcome" example:"positive" doc:"positive, neutral, negative, or empty when nobody said"`
	Duration   *int       `json:"durationMinutes" minimum:"0" example:"12" doc:"null when unknown"`
	OccurredAt time.Time  `json:"occurredAt" example:"2026-11-20T10:15:00Z"`
	ContactID  *uuid.UUID `json:"contactId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c45"`
	Contact    string     `json:"contact" example:"Priya Das"`
	CompanyID  *uuid.UUID `json:"companyId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47" doc:"Of an activity of a contact: the company that the contact belonged to then"`
	Company    string     `json:"company" example:"Rao Traders" doc:"Its name; empty also while it lies in the trash"`
	AuthorID   *uuid.UUID `json:"authorId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46" doc:"null when an API key wrote it, or its author has left"`
	Author     string     `json:"author" example:"Meera Iyer"`
	Version    int64      `json:"version" example:"1" doc:"Grows with each change; send it as If-Match"`
	CreatedAt  time.Time  `json:"createdAt" example:"2026-11-22T06:30:00Z"`
	UpdatedAt  time.Time  `json:"updatedAt" example:"2026-11-22T06:30:00Z"`
	DeletedAt  *time.Time `json:"deletedAt" doc:"When the activity went to the trash; null while it lives"`
}

// ActivityWithComments is one activity with what was said about it.
type ActivityWithComments struct {
	Activity
	Comments []Comment `json:"comments" nullable:"false" doc:"At most 100, the oldest first"`
}

// Comment is what a colleague said about an activity.
type Comment struct {
	ID        uuid.UUID  `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c61"`
	Body      string     `json:"body" example:"Our price list is on its way."`
	AuthorID  *uuid.UUID `json:"authorId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46" doc:"null when an API key wrote it, or its author has left"`
	Author    string     `json:"author" example:"Meera Iyer"`
	CreatedAt time.Time  `json:"createdAt" example:"2026-11-22T06:30:00Z"`
}

type commentAnswer struct {
	Body Record[Comment]
}

func activityOf(a activity.Activity) Activity {
	return Activity{
		ID: a.ID, Type: a.Type, Subject: a.Subject, Body: a.Body, Outcome: a.Outcome, Duration: a.Duration, OccurredAt: a.OccurredAt.UTC(),
		ContactID: a.ContactID, Contact: a.Contact, CompanyID: a.CompanyID, Company: a.Company, AuthorID: a.AuthorID, Author: a.Author,
		Version: a.Version, CreatedAt: a.CreatedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC(), DeletedAt: utc(a.DeletedAt),
	}
}

func commentOf(c activity.Comment) Comment {
	return Comment{ID: c.ID, Body: c.Body, AuthorID: c.AuthorID, Author: c.Author, CreatedAt: c.CreatedAt.UTC()}
}

// ActivityFields are the fields of an activity that a program may change.
type ActivityFields struct {
	Type       Optional[string]    `json:"type" required:"false" nullable:"false" enum:"note,call,meeting,email,whatsapp,sms" example:"call" doc:"note when a new activity names none"`
	Subject    Optional[string]    `json:"subject" required:"false" maxLength:"200" example:"Asked for prices" doc:"Subject or body has to be there"`
	Body       Optional[string]    `json:"body" required:"false" maxLength:"10000" example:"Wants 200 pieces by March."`
	Outcome    Optional[string]    `json:"outcome" required:"false" example:"positive" doc:"positive, neutral or negative"`
	Duration   Optional[*int]      `json:"durationMinutes" required:"false" minimum:"0" maximum:"1440" example:"12"`
	OccurredAt Optional[time.Time] `json:"occurredAt" required:"false" nullable:"false" example:"2026-11-20T10:15:00Z" doc:"Not in the future; now when a new activity names none"`
}

func (f *ActivityFields) patch() activity.Patch {
	return activity.Patch{
		Type: f.Type.pointer(), Subject: f.Subject.pointer(), Body: f.Body.pointer(), Outcome: f.Outcome.pointer(), Duration: f.Duration.pointer(), OccurredAt: f.OccurredAt.pointer(),
	}
}

// NewActivity is what an activity is made from.
type NewActivity struct {
	ActivityFields
	ContactID Optional[uuid.UUID] `json:"contactId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c45" doc:"A contact or a company has to be named"`
	CompanyID Optional[uuid.UUID] `json:"companyId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47" doc:"Beside a contact that of the contact, when it names none"`
}

func (n *NewActivity) input() activity.Input {
	in := activity.Input{Type: n.Type.Value, Subject: n.Subject.Value, Body: n.Body.Value, Outcome: n.Outcome.Value, Duration: n.Duration.Value}
	if n.OccurredAt.Sent && !n.OccurredAt.Value.IsZero() {
		in.OccurredAt = &n.OccurredAt.Value
	}
	if n.ContactID.Value != uuid.Nil {
		in.ContactID = &n.ContactID.Value
	}
	if n.CompanyID.Value != uuid.Nil {
		in.CompanyID = &n.CompanyID.Value
	}
	return in
}

// NewComment is what a comment is made from.
type NewComment struct {
	Body string `json:"body" required:"false" maxLength:"2000" example:"Our price list is on its way, @Meera Iyer."`
}
