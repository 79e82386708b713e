package crm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// samplesLoaded is how many contacts a business gets to try PayAid out with.
const samplesLoaded = 24

// The entities of sample records.
const (
	sampleContact = "contact"
	sampleCompany = "company"
)

// FirstSteps is what a business has done so far, by what is there.
type FirstSteps struct {
	Contacts   bool  // has contacts of its own
	Samples    int64 // sample contacts that are there
	Colleagues bool  // is not one person alone, or has invited somebody
}

// FirstSteps tells the principal what their business has done so far.
func (s *Service) FirstSteps(ctx context.Context, p auth.Principal) (FirstSteps, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return FirstSteps{}, err
	}
	row, err := s.db.Tenant(p.TenantID).FirstSteps(ctx, p.TenantID)
	if err != nil {
		return FirstSteps{}, fmt.Errorf("look what a business has done: %w", err)
	}
	return FirstSteps{Contacts: row.HasContacts, Samples: row.Samples, Colleagues: row.HasColleagues}, nil
}

// SampleOutcome counts what came or went.
type SampleOutcome struct {
	Contacts  int64 `json:"contacts"`
	Companies int64 `json:"companies"`
}

// MayLoadSamples reports whether the principal may bring in sample data and take
// it away: whoever may change every record.
func MayLoadSamples(p auth.Principal) bool { return requireSamples(p) == nil }

func requireSamples(p auth.Principal) error {
	for _, right := range []auth.Right{auth.ContactsWrite, auth.ContactsDelete} {
		if err := p.Require(right); err != nil {
			return err
		}
	}
	if p.IsKey() || p.WriteScope() != auth.ScopeAll || p.ReadScope(auth.Contacts) != auth.ScopeAll {
		return apperr.New(apperr.NoPermission, "Sample data belongs to the whole business. Ask an administrator of %s.", p.TenantName)
	}
	return nil
}

// LoadSamples adds sample contacts and their companies. While sample contacts are
// there it adds none, so that doing it twice is doing it once.
func (s *Service) LoadSamples(ctx context.Context, p auth.Principal) (SampleOutcome, error) {
	if err := requireSamples(p); err != nil {
		return SampleOutcome{}, err
	}
	return change.Do(ctx, s.write, p.Actor(), "samples.load", nil, func(ctx context.Context, tx *change.Tx) (SampleOutcome, error) {
		// Of two at once the second finds what the first made.
		if _, err := tx.Q.LockTenant(ctx, p.TenantID); err != nil {
			return SampleOutcome{}, fmt.Errorf("lock the tenant: %w", err)
		}
		n, err := tx.Q.CountSampleContacts(ctx, p.TenantID)
		if err != nil || n > 0 {
			return SampleOutcome{}, err
		}
		inputs, err := freeSamples(ctx, tx, p)
		if err != nil {
			return SampleOutcome{}, err
		}
		done := SampleOutcome{Contacts: int64(len(inputs))}
		for _, in := range inputs {
			made, err := insertSample(ctx, tx, p, in)
			if err != nil {
				return SampleOutcome{}, err
			}
			if made {
				done.Companies++
			}
		}
		tx.Tag(tagContactList, tagCompanyList)
		return done, tx.Record(ctx, change.Event{Action: "samples.load", Entity: "tenant", EntityID: p.TenantID, After: done})
	})
}

// freeSamples are the sample contacts whose e-mail no contact has.
func freeSamples(ctx context.Context, tx *change.Tx, p auth.Principal) ([]ContactInput, error) {
	inputs := SampleContacts(samplesLoaded)
	emails := make([]string, len(inputs))
	for i, in := range inputs {
		emails[i] = in.Email
	}
	taken, err := tx.Q.FindContactsByEmail(ctx, db.FindContactsByEmailParams{TenantID: p.TenantID, Emails: emails})
	if err != nil {
		return nil, fmt.Errorf("look for contacts: %w", err)
	}
	return slices.DeleteFunc(inputs, func(in ContactInput) bool {
		return slices.ContainsFunc(taken, func(r db.FindContactsByEmailRow) bool { return r.Email == in.Email })
	}), nil
}

// insertSample makes one sample contact, and reports whether its company was made
// for it.
func insertSample(ctx context.Context, tx *change.Tx, p auth.Principal, in ContactInput) (companyMade bool, err error) {
	in.normalize()
	if err := in.validate(); err != nil {
		return false, err
	}
	in.OwnerID = p.User()
	if in.Company != "" {
		row, err := tx.Q.FindOrInsertCompany(ctx, db.FindOrInsertCompanyParams{
			TenantID: p.TenantID, ID: uuid.Must(uuid.NewV7()), Name: in.Company, OwnerID: p.User(), Now: tx.Now,
		})
		if err != nil {
			return false, fmt.Errorf("find or make the company: %w", err)
		}
		if row.Inserted {
			companyMade = true
			if err := markSample(ctx, tx, p, sampleCompany, row.ID); err != nil {
				return false, err
			}
		}
	}
	id := uuid.Must(uuid.NewV7())
	if err := saveContact(ctx, tx, p, id, in); err != nil {
		return false, err
	}
	return companyMade, markSample(ctx, tx, p, sampleContact, id)
}

func markSample(ctx context.Context, tx *change.Tx, p auth.Principal, entity string, id uuid.UUID) error {
	err := tx.Q.InsertSampleRecord(ctx, db.InsertSampleRecordParams{TenantID: p.TenantID, Entity: entity, RecordID: id})
	if err != nil {
		return fmt.Errorf("mark the sample: %w", err)
	}
	return nil
}

// RemoveSamples moves the sample contacts to the trash, with those of their
// companies that no other contact belongs to. Doing it twice is doing it once.
func (s *Service) RemoveSamples(ctx context.Context, p auth.Principal) (SampleOutcome, error) {
	if err := requireSamples(p); err != nil {
		return SampleOutcome{}, err
	}
	return change.Do(ctx, s.write, p.Actor(), "samples.remove", nil, func(ctx context.Context, tx *change.Tx) (SampleOutcome, error) {
		ids, err := tx.Q.TrashSampleContacts(ctx, db.TrashSampleContactsParams{TenantID: p.TenantID, Now: &tx.Now})
		if err != nil {
			return SampleOutcome{}, fmt.Errorf("remove sample contacts: %w", err)
		}
		done := SampleOutcome{Contacts: int64(len(ids))}
		if done.Companies, err = tx.Q.TrashSampleCompanies(ctx, db.TrashSampleCompaniesParams{TenantID: p.TenantID, Now: &tx.Now}); err != nil {
			return SampleOutcome{}, fmt.Errorf("remove sample companies: %w", err)
		}
		if err := tx.Q.DeleteSampleRecords(ctx, p.TenantID); err != nil {
			return SampleOutcome{}, fmt.Errorf("forget the samples: %w", err)
		}
		if done == (SampleOutcome{}) {
			return done, nil
		}
		for _, id := range ids {
			tx.Tag(tagContact(id))
		}
		tx.Tag(tagContactList, tagCompanyList)
		return done, tx.Record(ctx, change.Event{Action: "samples.remove", Entity: "tenant", EntityID: p.TenantID, Before: done})
	})
}

// SampleContacts is a small, always equal address book of n people.
func SampleContacts(n int) []ContactInput {
	first := strings.Fields("Aarav Priya Rohan Ananya Vikram Meera Kabir Ishita Arjun Diya Sanjay Nisha Rahul Kavya Imran Lakshmi")
	last := strings.Fields("Sharma Das Patel Mehta Iyer Joshi Nair Kulkarni Singh Bose Reddy Chopra")
	companies := []string{"Saffron Foods Pvt Ltd", "Deccan Instruments", "Aravalli Steel", "Himalaya Herbals", "Konkan Logistics", "Malabar Spices Co", "Nilgiri Textiles", "Ganga Paper Mills", ""}
	titles := []string{"Owner", "Purchase manager", "Accounts", "Director", ""}
	sources := []string{"Website", "Referral", "Trade fair", "Walk-in"}
	var out []ContactInput
	for i := range n {
		f, l := first[i%len(first)], last[(i*7+i/16)%len(last)]
		out = append(out, ContactInput{
			FirstName: f, LastName: l, Email: strings.ToLower(fmt.Sprintf("%s.%s%d@example.in", f, l, i)), Phone: fmt.Sprintf("98%03d%05d", 200+i*3, 11111+i*137),
			Company: companies[i%len(companies)], JobTitle: titles[i%len(titles)], Source: sources[i%len(sources)],
			Stage: Stages[i%3], Status: Statuses[min(i%7, 6)/5], Warmth: Warmths[(i/2)%3], LeadScore: (i * 13) % 101,
		})
	}
	return out
}
