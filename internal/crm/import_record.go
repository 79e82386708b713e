package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/change"
)

// companies finds or makes the companies of the contacts and returns them by name,
// and which are new.
func (r *importRun) companies(ctx context.Context, tx *change.Tx, contacts []*plannedContact) (byName map[string]uuid.UUID, made []uuid.UUID, err error) {
	var names []string
	for _, pc := range contacts {
		if pc.input.Company != "" {
			names = append(names, pc.input.Company)
		}
	}
	if len(names) == 0 {
		return nil, []uuid.UUID{}, nil
	}
	slices.Sort(names)
	names = slices.Compact(names)
	ids := make([]uuid.UUID, len(names))
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7())
	}
	rows, err := tx.Q.FindOrInsertCompanies(ctx, db.FindOrInsertCompaniesParams{
		TenantID: r.p.TenantID, Ids: ids, Names: names, OwnerID: r.p.User(), Now: tx.Now,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("find or make the companies: %w", err)
	}
	byName, made = make(map[string]uuid.UUID, len(rows)), []uuid.UUID{}
	for _, row := range rows {
		byName[row.Wanted] = row.ID
		if row.Inserted && !slices.Contains(made, row.ID) {
			made = append(made, row.ID)
		}
	}
	return byName, made, nil
}

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

func contactRecords(contacts []*plannedContact, companies map[string]uuid.UUID) (json.RawMessage, error) {
	out := make([]contactRecord, len(contacts))
	for i, pc := range contacts {
		in := pc.input
		out[i] = contactRecord{
			ID: pc.id, FirstName: in.FirstName, LastName: in.LastName, Email: in.Email, Phone: in.Phone, JobTitle: in.JobTitle,
			Source: in.Source, Address: in.Address, GSTIN: in.GSTIN, Notes: in.Notes, Tags: in.Tags, Stage: in.Stage,
			Status: in.Status, Warmth: in.Warmth, LeadScore: in.LeadScore, OwnerID: in.OwnerID,
		}
		if id, ok := companies[in.Company]; ok {
			out[i].CompanyID = &id
		}
		if in.NextFollowUp != "" {
			out[i].NextFollowUp = &in.NextFollowUp
		}
	}
	b, err := json.Marshal(out)
	return b, wrap(err, "write contacts")
}
