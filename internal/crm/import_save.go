package crm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/jobs"
)

// raceAttempts is how often a chunk is tried again when somebody takes one of its
// e-mails at the same moment.
const raceAttempts = 3

var errRace = errors.New("an e-mail of the chunk was taken meanwhile")

// save commits a chunk. When the database refuses the chunk for its data, although
// every row seemed right, it is halved until the row is alone that is to blame.
func (r *importRun) save(ctx context.Context, rows []importRow) error {
	if len(rows) == 0 {
		return nil
	}
	err := r.saveChunk(ctx, rows)
	if err == nil || !refusesData(err) {
		return err
	}
	if len(rows) == 1 {
		r.s.write.Log.WarnContext(ctx, "an imported row was refused by the database", "import", r.row.ID, "line", rows[0].line, "err", err)
		rows[0].problems = []apperr.Detail{{Message: "This row could not be stored."}}
		return r.saveChunk(ctx, rows)
	}
	half := len(rows) / 2
	if err := r.save(ctx, rows[:half]); err != nil {
		return err
	}
	return r.save(ctx, rows[half:])
}

// refusesData reports that a value is to blame and not the moment: SQLSTATE classes
// 21, 22 and 23, but not a foreign key, which means that whoever imports was removed.
func refusesData(err error) bool {
	code := db.Code(err)
	return code != "23503" && (strings.HasPrefix(code, "21") || strings.HasPrefix(code, "22") || strings.HasPrefix(code, "23"))
}

func (r *importRun) saveChunk(ctx context.Context, rows []importRow) error {
	var err error
	for range raceAttempts {
		_, err = change.Do(ctx, r.s.write, r.p.Actor(), "contact.import", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
			return struct{}{}, r.saveIn(ctx, tx, rows)
		})
		if !errors.Is(err, errRace) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("save the rows behind line %d: %w", r.line, err)
	}
	r.line = rows[len(rows)-1].line
	for _, row := range rows {
		r.see(row)
	}
	return nil
}

// saveIn writes the rows, what was refused and the resume point in one transaction.
func (r *importRun) saveIn(ctx context.Context, tx *change.Tx, rows []importRow) error {
	line, err := tx.Q.LockImportLine(ctx, db.LockImportLineParams{TenantID: r.p.TenantID, ID: r.row.ID})
	if err != nil {
		return fmt.Errorf("lock the import: %w", err)
	}
	if line != r.line {
		return jobs.ErrMore // another worker goes on with this import: look again where it is
	}
	held, err := r.held(ctx, tx, rows)
	if err != nil {
		return err
	}
	c := &planner{duplicates: r.row.Duplicates, p: r.p, held: held, planned: map[string]*plannedContact{}, saw: r.saw}
	for _, row := range rows {
		c.add(row)
	}
	if !r.row.DryRun {
		if err := r.write(ctx, tx, c); err != nil {
			return err
		}
	}
	if err := r.writeRefused(ctx, tx, c.plan.refused); err != nil {
		return err
	}
	n := c.plan.counts
	err = tx.Q.AddImportCounts(ctx, db.AddImportCountsParams{
		TenantID: r.p.TenantID, ID: r.row.ID, Line: rows[len(rows)-1].line,
		Created: n.Created, Updated: n.Updated, Skipped: n.Skipped, Failed: n.Failed,
	})
	if err != nil {
		return fmt.Errorf("move the resume point: %w", err)
	}
	return nil
}

// held returns the contacts that have an e-mail of the rows, locked when they are
// going to be changed.
func (r *importRun) held(ctx context.Context, tx *change.Tx, rows []importRow) (map[string]heldContact, error) {
	var emails []string
	for _, row := range rows {
		if len(row.problems) == 0 && row.input.Email != "" {
			emails = append(emails, row.input.Email)
		}
	}
	out := make(map[string]heldContact)
	if len(emails) == 0 {
		return out, nil
	}
	if r.row.Duplicates != DuplicatesUpdate {
		found, err := tx.Q.FindContactsByEmail(ctx, db.FindContactsByEmailParams{TenantID: r.p.TenantID, Emails: emails})
		for _, f := range found {
			out[f.Email] = heldContact{Contact: Contact{ID: f.ID, Email: f.Email}}
		}
		return out, wrap(err, "find contacts by e-mail")
	}
	found, err := tx.Q.LockContactsByEmail(ctx, db.LockContactsByEmailParams{TenantID: r.p.TenantID, Emails: emails})
	for _, f := range found {
		row := db.GetContactRow(f)
		out[f.Email] = heldContact{Contact: contactFromRow(row), mayChange: r.p.MayChange(auth.Contacts, row.OwnerID, row.OwnerTeamID)}
	}
	return out, wrap(err, "lock contacts by e-mail")
}

func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// write makes and changes the contacts of the plan.
func (r *importRun) write(ctx context.Context, tx *change.Tx, c *planner) error {
	companies, made, err := r.companies(ctx, tx, slices.Concat(c.plan.inserts, c.plan.updates))
	if err != nil {
		return err
	}
	if err := r.update(ctx, tx, c.plan.updates, companies); err != nil {
		return err
	}
	inserted, err := r.insert(ctx, tx, c.plan.inserts, companies)
	if err != nil {
		return err
	}
	if r.row.Duplicates == DuplicatesUpdate && len(inserted) < len(c.plan.inserts) {
		return errRace // the next attempt finds the contact and changes it
	}
	c.settle(inserted)
	return r.record(ctx, tx, c.plan, made)
}

func (r *importRun) insert(ctx context.Context, tx *change.Tx, contacts []*plannedContact, companies map[string]uuid.UUID) ([]uuid.UUID, error) {
	if len(contacts) == 0 {
		return nil, nil
	}
	rows, err := contactRecords(contacts, companies)
	if err != nil {
		return nil, err
	}
	ids, err := tx.Q.InsertContacts(ctx, db.InsertContactsParams{TenantID: r.p.TenantID, Rows: rows, Now: tx.Now})
	return ids, wrap(err, "insert contacts")
}

func (r *importRun) update(ctx context.Context, tx *change.Tx, contacts []*plannedContact, companies map[string]uuid.UUID) error {
	if len(contacts) == 0 {
		return nil
	}
	rows, err := contactRecords(contacts, companies)
	if err != nil {
		return err
	}
	return wrap(tx.Q.UpdateContacts(ctx, db.UpdateContactsParams{TenantID: r.p.TenantID, Rows: rows, Now: tx.Now}), "update contacts")
}

// record tells the audit log of the chunk in one entry: which contacts are new,
// and how the changed ones were before.
func (r *importRun) record(ctx context.Context, tx *change.Tx, plan chunkPlan, companies []uuid.UUID) error {
	if len(plan.inserts) == 0 && len(plan.updates) == 0 {
		return nil
	}
	after := struct {
		Created   []uuid.UUID `json:"created"`
		Updated   []uuid.UUID `json:"updated"`
		Companies []uuid.UUID `json:"companies"` // made on the way
	}{ids(plan.inserts), ids(plan.updates), companies}
	e := change.Event{Action: "contact.import", Entity: entityImport, EntityID: r.row.ID, After: after}
	if len(plan.updates) > 0 {
		before := make([]*Contact, len(plan.updates))
		for i, pc := range plan.updates {
			before[i] = pc.before
			tx.Tag(tagContact(pc.id))
		}
		e.Before = before
	}
	tx.Tag(tagContactList)
	if len(companies) > 0 {
		tx.Tag(tagCompanyList)
	}
	return tx.Record(ctx, e)
}

func ids(contacts []*plannedContact) []uuid.UUID {
	out := make([]uuid.UUID, len(contacts))
	for i, pc := range contacts {
		out[i] = pc.id
	}
	return out
}

func (r *importRun) writeRefused(ctx context.Context, tx *change.Tx, refused []importRow) error {
	if len(refused) == 0 {
		return nil
	}
	out := make([]ImportError, len(refused))
	for i, row := range refused {
		cells := make([]string, len(row.cells))
		for j, c := range row.cells {
			cells[j] = storable(c)
		}
		out[i] = ImportError{Line: row.line, Details: row.problems, Cells: cells}
	}
	rows, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("write refused rows: %w", err)
	}
	return wrap(tx.Q.InsertImportErrors(ctx, db.InsertImportErrorsParams{TenantID: r.p.TenantID, ImportID: r.row.ID, Rows: rows}), "insert refused rows")
}

// storable replaces what PostgreSQL cannot keep in a text.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
