package crm

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/change"
)

// Row level security refuses COPY into a table of ours. So a batch is copied into
// a table that ends with the transaction, and goes on from there as any INSERT.
var (
	seedColumns = []string{
		"id", "first_name", "last_name", "email", "phone", "company_id", "job_title", "source", "notes", "tags", "stage", "status", "warmth", "lead_score",
		"last_contacted_at", "next_follow_up", "owner_id", "created_at", "updated_at",
	}
	seedColumnList = strings.Join(seedColumns, ", ")
	makeSeedTable  = "CREATE TEMPORARY TABLE seeded_contacts ON COMMIT DROP AS SELECT " + seedColumnList + " FROM contacts WITH NO DATA"
	insertSeeded   = "INSERT INTO contacts (tenant_id, " + seedColumnList + ") SELECT $1, " + seedColumnList + " FROM seeded_contacts ON CONFLICT DO NOTHING"
)

// seedRow holds what seedColumns name.
func seedRow(c db.Contact) []any {
	return []any{
		c.ID, c.FirstName, c.LastName, c.Email, c.Phone, c.CompanyID, c.JobTitle, c.Source, c.Notes, c.Tags, c.Stage, c.Status, c.Warmth, c.LeadScore,
		c.LastContactedAt, c.NextFollowUp, c.OwnerID, c.CreatedAt, c.UpdatedAt,
	}
}

// makeAll makes the contacts in batches, as many at a time as there are cores:
// nearly all of the time is the database's, which keeps a dozen indexes.
func (m *seedMaker) makeAll(ctx context.Context, n int, progress func(done int)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	starts := make(chan int)
	go func() {
		defer close(starts)
		for from := 0; from < n && ctx.Err() == nil; from += seedBatch {
			starts <- from
		}
	}()
	var workers sync.WaitGroup
	var told sync.Mutex
	done := 0
	for range min(4, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for from := range starts {
				to := min(from+seedBatch, n)
				if err := m.makeContacts(ctx, from, to); err != nil {
					stop(err)
					continue // the channel is closed soon
				}
				told.Lock()
				done += to - from
				progress(done)
				told.Unlock()
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

func (m *seedMaker) makeContacts(ctx context.Context, from, to int) error {
	_, err := change.Do(ctx, m.s.write, m.actor(), "contact.seed", nil, func(ctx context.Context, tx *change.Tx) (int64, error) {
		if _, err := tx.Pgx().Exec(ctx, makeSeedTable); err != nil {
			return 0, fmt.Errorf("make a table for made-up contacts: %w", err)
		}
		rows := pgx.CopyFromSlice(to-from, func(i int) ([]any, error) { return seedRow(m.contact(from + i)), nil })
		if _, err := tx.Pgx().CopyFrom(ctx, pgx.Identifier{"seeded_contacts"}, seedColumns, rows); err != nil {
			return 0, fmt.Errorf("copy made-up contacts: %w", err)
		}
		made, err := tx.Pgx().Exec(ctx, insertSeeded, m.tenant)
		if err != nil {
			return 0, fmt.Errorf("insert made-up contacts: %w", err)
		}
		return made.RowsAffected(), m.record(ctx, tx, "contact.seed", entityContact, made.RowsAffected())
	})
	return err
}
