package handlers

import (
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/contacts"
	"payaid/views/record"
)

// contactPages are the pages of single contacts.
func (s *server) contactPages() recordPages[crm.Contact, crm.ContactInput, crm.ContactPatch] {
	return recordPages[crm.Contact, crm.ContactInput, crm.ContactPatch]{
		server: s, listed: contactList, Records: s.CRM.ContactRecords(), entity: contacts.Recorded,
		read: auth.ContactsRead, write: auth.ContactsWrite, remove: auth.ContactsDelete, changed: "contactsChanged", subject: contactSubject,
		values: contacts.ValuesOf, patch: contactPatch, note: contacts.Note, quick: quickDay,
		company: func(c crm.Contact) *uuid.UUID { return c.CompanyID },
		form:    contacts.Form, head: contacts.Head, value: contacts.Value,
		body: func(_ *fiber.Ctx, p record.Props, c crm.Contact) (templ.Component, error) {
			return contacts.Body(p, c), nil
		},
	}
}

// quickDay is the day that was chosen by one press.
func quickDay(s *server, c *fiber.Ctx, f record.Field) (string, bool) {
	if f.Type != "date" {
		return "", false
	}
	p, _ := mw.Principal(c)
	return contacts.QuickDay(c.FormValue("quick"), s.Now().In(p.Location()))
}

// contactPatch changes the fields that there are values of.
func contactPatch(v record.Values) (crm.ContactPatch, error) {
	var bad apperr.Fields
	patch := crm.ContactPatch{
		FirstName: v.Text("firstName"), LastName: v.Text("lastName"), Email: v.Text("email"), Phone: v.Text("phone"), Company: v.Text("company"),
		JobTitle: v.Text("jobTitle"), Source: v.Text("source"), Address: v.Text("address"), GSTIN: v.Text("gstin"), Notes: v.Text("notes"), Tags: v.List("tags"),
		Stage: v.Text("stage"), Status: v.Text("status"), Warmth: v.Text("warmth"), NextFollowUp: v.Text("nextFollowUp"), OwnerID: typedOwner(v, &bad),
	}
	if text, ok := v["leadScore"]; ok {
		score, err := strconv.Atoi(strings.TrimSpace(text))
		bad.Check(err == nil, "leadScore", "Choose a number from 0 to 100.")
		patch.LeadScore = &score
	}
	if text, ok := v["lastContactedAt"]; ok {
		at, err := contactedAt(text)
		bad.Check(err == nil, "lastContactedAt", "Enter a date as YYYY-MM-DD.")
		patch.LastContactedAt = &at
	}
	return patch, bad.Err()
}

// contactedAt is the beginning of a day in India, as pages show days; "" is never.
func contactedAt(day string) (*time.Time, error) {
	if day = strings.TrimSpace(day); day == "" {
		return nil, nil
	}
	begin, err := time.ParseInLocation(time.DateOnly, day, time.FixedZone("IST", 5*60*60+30*60))
	return &begin, err
}
