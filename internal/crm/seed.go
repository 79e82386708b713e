package crm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/change"
)

const (
	// seedBatch is how many contacts one transaction of a seed makes.
	seedBatch = 5000
	// seedPerCompany is how many contacts share one company, on the average.
	seedPerCompany = 12
	// seedYears is how far back made-up contacts go.
	seedYears = 5
)

// SeedContacts gives a tenant made-up contacts, the same for the same n and seed,
// and calls progress after each batch. A second run makes those that are missing.
// It is for the command line: no principal asks.
func (s *Service) SeedContacts(ctx context.Context, tenant uuid.UUID, n int, seed uint64, progress func(done int)) error {
	m := &seedMaker{s: s, tenant: tenant, seed: seed, today: s.now().UTC().Truncate(24 * time.Hour)}
	var err error
	if m.owners, err = s.db.Tenant(tenant).ListMemberIDs(ctx, tenant); err != nil {
		return fmt.Errorf("list the people of the business: %w", err)
	}
	if err := m.makeCompanies(ctx, n/seedPerCompany+1); err != nil {
		return err
	}
	return m.makeAll(ctx, n, progress)
}

// seedMaker is one run of a seed.
type seedMaker struct {
	s         *Service
	tenant    uuid.UUID
	seed      uint64
	today     time.Time
	owners    []uuid.UUID
	companies []uuid.UUID
}

func (m *seedMaker) actor() change.Actor {
	return change.Actor{TenantID: m.tenant, Kind: change.ActorSystem, Name: "seed"}
}

func (m *seedMaker) makeCompanies(ctx context.Context, n int) error {
	for from := 0; from < n; from += seedBatch {
		var names []string
		for i := from; i < min(from+seedBatch, n); i++ {
			names = append(names, seedCompanyName(i))
		}
		byName := make(map[string]uuid.UUID, len(names))
		_, err := change.Do(ctx, m.s.write, m.actor(), "company.seed", nil, func(ctx context.Context, tx *change.Tx) (int64, error) {
			ids, owners := make([]uuid.UUID, len(names)), make([]uuid.UUID, len(names))
			for i := range ids {
				ids[i], owners[i] = uuid.Must(uuid.NewV7()), m.companyOwner(from+i)
			}
			made, err := tx.Q.SeedCompanies(ctx, db.SeedCompaniesParams{TenantID: m.tenant, Ids: ids, Names: names, Owners: owners, Now: tx.Now})
			if err != nil {
				return 0, fmt.Errorf("seed companies: %w", err)
			}
			for _, r := range made {
				byName[r.Name] = r.ID
			}
			n := int64(len(made))
			return n, m.record(ctx, tx, "company.seed", "company", n)
		})
		if err != nil {
			return err
		}
		if err := m.findCompanies(ctx, names, byName); err != nil {
			return err
		}
		for _, name := range names {
			if id, ok := byName[name]; ok {
				m.companies = append(m.companies, id)
			}
		}
	}
	return nil
}

// findCompanies adds those of the names that were there before.
func (m *seedMaker) findCompanies(ctx context.Context, names []string, byName map[string]uuid.UUID) error {
	others := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return byName[name] != uuid.Nil })
	if len(others) == 0 {
		return nil
	}
	rows, err := m.s.db.Tenant(m.tenant).ListSeededCompanies(ctx, db.ListSeededCompaniesParams{TenantID: m.tenant, Names: others})
	if err != nil {
		return fmt.Errorf("read the companies back: %w", err)
	}
	for _, r := range rows {
		byName[r.Name] = r.ID
	}
	return nil
}

// companyOwner is whom the i-th company belongs to, uuid.Nil where there is nobody.
func (m *seedMaker) companyOwner(i int) uuid.UUID {
	if len(m.owners) == 0 {
		return uuid.Nil
	}
	return m.owners[i%len(m.owners)]
}

// record tells the audit log of one batch: made-up records have no story of their
// own.
func (m *seedMaker) record(ctx context.Context, tx *change.Tx, action, entity string, made int64) error {
	return tx.Record(ctx, change.Event{Action: action, Entity: entity, EntityID: m.tenant, After: map[string]int64{"created": made}})
}

// contact makes the i-th contact, from the seed alone.
func (m *seedMaker) contact(i int) db.Contact {
	r := rand.New(rand.NewPCG(m.seed, uint64(i))) //nolint:gosec // made-up data, always the same
	first, last := pick(r, seedFirstNames), pick(r, seedLastNames)
	created := m.today.AddDate(0, 0, -r.IntN(365*seedYears)).Add(-time.Duration(r.Int64N(int64(24 * time.Hour)))).Truncate(time.Microsecond)
	c := db.Contact{
		TenantID: m.tenant, ID: seedID(r, created), FirstName: first, LastName: last, Email: seedEmail(r, first, last, i), Phone: fmt.Sprintf("+91%d%09d", 6+r.IntN(4), r.IntN(1_000_000_000)),
		JobTitle: pick(r, seedTitles), Source: pick(r, seedSources), Notes: seedNote(r), Tags: []string{}, Stage: pick(r, Stages), Status: Statuses[max(0, r.IntN(12)-9)],
		Warmth: pick(r, Warmths), LeadScore: int32(r.IntN(101)), CreatedAt: created, UpdatedAt: created.Add(time.Duration(r.Int64N(int64(m.today.Sub(created)) + 1))).Truncate(time.Microsecond),
	}
	for range r.IntN(3) {
		c.Tags = append(c.Tags, pick(r, seedTags))
	}
	c.Tags = normalizeTags(c.Tags)
	if len(m.companies) > 0 && r.IntN(10) < 8 {
		c.CompanyID = &m.companies[r.IntN(len(m.companies))]
	}
	if len(m.owners) > 0 && r.IntN(10) < 9 {
		c.OwnerID = &m.owners[r.IntN(len(m.owners))]
	}
	if r.IntN(3) > 0 {
		at := c.UpdatedAt
		c.LastContactedAt = &at
	}
	if r.IntN(4) == 0 {
		day := m.today.AddDate(0, 0, r.IntN(60)-20)
		c.NextFollowUp = &day
	}
	return c
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// seedID is a UUIDv7 of that time whose random part comes from r.
func seedID(r *rand.Rand, at time.Time) uuid.UUID {
	var id uuid.UUID
	ms := uint64(at.UnixMilli()) //nolint:gosec // after 1970
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	a, b := r.Uint64(), r.Uint64()
	for i := range 8 {
		id[8+i] = byte(a >> (8 * i))
	}
	id[6], id[7], id[8] = 0x70|byte(b)&0x0f, byte(b>>8), 0x80|id[8]&0x3f
	return id
}
