package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// contactRecord is one contact as InsertContacts and UpdateContacts read it.
type contactRecord struct {
	ID           uuid.UUID  `json:"id"`
	FirstName    string     `json:"first_name"`
	LastName     string     `json:"last_name"`
	Email        string     `json:"email"`
	Phone        string     `json:"phone"`
	CompanyID    *uuid.UUID `json:"company_id"`
	JobTitle     string     `json:"job_title"`
	Source       string     `json:"source"`
	Address      string     `json:"address"`
	GSTIN        string     `json:"gstin"`
	Notes        string     `json:"notes"`
	Tags         []string   `json:"tags"`
	Stage        string     `json:"stage"`
	Status       string     `json:"status"`
	Warmth       string     `json:"warmth"`
	LeadScore    int        `json:"lead_score"`
	NextFollowUp *string    `json:"next_follow_up"`
	OwnerID      *uuid.UUID `json:"owner_id"`
}

// contactRecords writes the contacts as the queries read them, their companies
// found or made, and fills in what they will be.
func contactRecords(ctx context.Context, tx *change.Tx, p auth.Principal, contacts []*plannedRecord) (json.RawMessage, error) {
	var names, tags []string
	for _, pr := range contacts {
		in := pr.input.(ContactInput)
		tags = append(tags, in.Tags...)
		if in.Company != "" {
			names = append(names, in.Company)
		}
	}
	if err := ensureTags(ctx, tx, tags); err != nil {
		return nil, err
	}
	companies, err := ensureCompanies(ctx, tx, p, names)
	if err != nil {
		return nil, err
	}
	out := make([]contactRecord, len(contacts))
	for i, pr := range contacts {
		in := pr.input.(ContactInput)
		out[i] = contactRecord{
			ID: pr.id, FirstName: in.FirstName, LastName: in.LastName, Email: in.Email, Phone: in.Phone, JobTitle: in.JobTitle,
			Source: in.Source, Address: in.Address, GSTIN: in.GSTIN, Notes: in.Notes, Tags: in.Tags, Stage: in.Stage,
			Status: in.Status, Warmth: in.Warmth, LeadScore: in.LeadScore, OwnerID: in.OwnerID,
		}
		if id, ok := companies[in.Company]; ok {
			out[i].CompanyID = &id
		}
		if in.NextFollowUp != "" {
			out[i].NextFollowUp = &in.NextFollowUp
		}
		pr.after = contactAfter(tx, p, pr, in, out[i].CompanyID)
	}
	b, err := json.Marshal(out)
	return b, wrap(err, "write contacts")
}

// contactAfter is the contact as it will be read once it is written.
func contactAfter(tx *change.Tx, p auth.Principal, pr *plannedRecord, in ContactInput, company *uuid.UUID) Contact {
	c := Contact{ID: pr.id, OwnerID: in.OwnerID, CreatedAt: tx.Now}
	if p.User() != nil && sameID(in.OwnerID, p.User()) {
		c.Owner = p.Name
	}
	if pr.before != nil {
		c = pr.before.record.(Contact)
	}
	c.FirstName, c.LastName, c.Email, c.Phone, c.CompanyID, c.Company = in.FirstName, in.LastName, in.Email, in.Phone, company, in.Company
	c.JobTitle, c.Source, c.Address, c.GSTIN, c.Notes, c.Tags = in.JobTitle, in.Source, in.Address, in.GSTIN, in.Notes, in.Tags
	c.Stage, c.Status, c.Warmth, c.LeadScore, c.NextFollowUp = in.Stage, in.Status, in.Warmth, in.LeadScore, in.NextFollowUp
	c.Name = strings.TrimSpace(c.FirstName + " " + c.LastName)
	if c.Name == "" {
		c.Name = c.Email
	}
	if c.Name == "" {
		c.Name = c.Phone
	}
	c.Version, c.UpdatedAt = pr.version(), tx.Now
	return c
}

// ensureCompanies finds or makes the companies of these names, all at once, and
// returns them by name.
func ensureCompanies(ctx context.Context, tx *change.Tx, p auth.Principal, names []string) (map[string]uuid.UUID, error) {
	if len(names) == 0 {
		return nil, nil
	}
	slices.Sort(names)
	names = slices.Compact(names)
	ids := make([]uuid.UUID, len(names))
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7())
	}
	rows, err := tx.Q.FindOrInsertCompanies(ctx, db.FindOrInsertCompaniesParams{
		TenantID: p.TenantID, Ids: ids, Names: names, OwnerID: p.User(), Now: tx.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("find or make the companies: %w", err)
	}
	byName := make(map[string]uuid.UUID, len(rows))
	var events []change.Event
	for _, row := range rows {
		byName[row.Wanted] = row.ID
		// Of two spellings one is made, and the other finds it.
		if row.Inserted && ids[slices.Index(names, row.Wanted)] == row.ID {
			events = append(events, change.Event{Action: "company.create", Entity: "company", EntityID: row.ID, After: Company{ID: row.ID, Name: row.Wanted}})
		}
	}
	return byName, tx.RecordAll(ctx, events)
}
