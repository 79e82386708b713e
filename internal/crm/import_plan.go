package crm

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
)

// chunkPlan is what a chunk of rows comes to.
type chunkPlan struct {
	inserts, updates []*plannedRecord
	refused          []importRow
	counts           ImportCounts // without Total
}

// planner decides row by row, in the order of the file.
type planner struct {
	entity     importEntity
	duplicates string
	p          auth.Principal
	held       map[string]heldRecord        // by key
	planned    map[string]*plannedRecord    // by key, in this chunk
	changed    map[uuid.UUID]*plannedRecord // those held that this chunk changes
	saw        func(key string) bool        // whether a dry run planned it in an earlier chunk
	plan       chunkPlan
}

func newPlanner(e importEntity, p auth.Principal, duplicates string, held map[string]heldRecord, saw func(string) bool) *planner {
	return &planner{
		entity: e, duplicates: duplicates, p: p, held: held, planned: map[string]*plannedRecord{}, changed: map[uuid.UUID]*plannedRecord{}, saw: saw,
	}
}

// match is what is known of the record that a row is about.
type match struct {
	key     string         // by which it was found, "" when there is none
	held    *heldRecord    // it was there before
	planned *plannedRecord // this chunk makes or changes it
}

// find looks for the record by the keys, in their order.
func (c *planner) find(keys ...string) match {
	for _, key := range keys {
		if pr := c.planned[key]; pr != nil {
			return match{key, pr.before, pr}
		}
		if held, ok := c.held[key]; ok {
			return match{key, &held, c.changed[held.id]}
		}
		if c.saw(key) {
			return match{key: key}
		}
	}
	return match{}
}

func (c *planner) add(row importRow) {
	if len(row.problems) > 0 {
		c.refuse(row)
		return
	}
	m := c.find(row.keys...)
	taken, notYours := c.entity.keyProblems(m.key)
	switch {
	case m.key == "":
		c.insert(row)
	case c.duplicates == DuplicatesSkip:
		c.plan.counts.Skipped++
	case c.duplicates == DuplicatesCreate:
		c.refuse(row, taken)
	case m.held != nil && !m.held.mayChange:
		c.refuse(row, notYours)
	case m.planned != nil:
		c.update(row, m.planned)
	case m.held != nil:
		c.update(row, &plannedRecord{id: m.held.id, before: m.held})
	default: // of an earlier chunk of a dry run
		c.plan.counts.Updated++
	}
}

func (c *planner) refuse(row importRow, details ...apperr.Detail) {
	row.problems = append(row.problems, details...)
	c.plan.refused = append(c.plan.refused, row)
	c.plan.counts.Failed++
}

func (c *planner) insert(row importRow) {
	pr := &plannedRecord{id: uuid.Must(uuid.NewV7()), values: row.values, input: row.input, rows: []importRow{row}}
	c.plan.inserts = append(c.plan.inserts, pr)
	c.plan.counts.Created++
	c.index(pr, row.keys)
}

// update lays the row over what its record comes to so far.
func (c *planner) update(row importRow, pr *plannedRecord) {
	values := merge(pr.values, row.values)
	var base any
	if pr.before != nil {
		base = pr.before.record
	}
	input, keys, problems := c.entity.read(c.p, values, base)
	if problems = append(problems, c.clashes(pr, keys)...); len(problems) > 0 {
		c.refuse(row, problems...)
		return
	}
	pr.values, pr.input = values, input
	pr.rows = append(pr.rows, row)
	c.plan.counts.Updated++
	if pr.before != nil && c.changed[pr.id] == nil {
		c.changed[pr.id] = pr
		c.plan.updates = append(c.plan.updates, pr)
	}
	c.index(pr, keys)
}

// index lets later rows find the record.
func (c *planner) index(pr *plannedRecord, keys []string) {
	for _, key := range keys {
		if c.planned[key] == nil {
			c.planned[key] = pr
		}
	}
}

// clashes are the keys that another record has and only one can have.
func (c *planner) clashes(pr *plannedRecord, keys []string) (out []apperr.Detail) {
	for _, key := range keys {
		if !c.entity.unique(key) {
			continue
		}
		if m := c.find(key); m.held != nil && m.held.id != pr.id || m.planned != nil && m.planned != pr {
			taken, _ := c.entity.keyProblems(key)
			out = append(out, taken)
		}
	}
	return out
}

// arrange takes those records out of the plan of which nothing can become for what
// they refer to, and refuses their rows.
func (c *planner) arrange(ctx context.Context, q *db.Queries) error {
	refused, err := c.entity.arrange(ctx, q, c.p, slices.Concat(c.plan.inserts, c.plan.updates), c.saw)
	if err != nil || len(refused) == 0 {
		return err
	}
	drop := func(pr *plannedRecord) bool {
		detail, ok := refused[pr]
		if ok {
			c.drop(pr, detail)
		}
		return ok
	}
	c.plan.inserts = slices.DeleteFunc(c.plan.inserts, drop)
	c.plan.updates = slices.DeleteFunc(c.plan.updates, drop)
	return nil
}

// drop takes back what was counted for the rows of a record, and refuses them.
func (c *planner) drop(pr *plannedRecord, detail apperr.Detail) {
	for i, row := range pr.rows {
		if i == 0 && pr.before == nil {
			c.plan.counts.Created--
		} else {
			c.plan.counts.Updated--
		}
		c.refuse(row, detail)
	}
}

// settle takes the planned records that turned out to have lost their key to
// somebody else out of the plan.
func (c *planner) settle(inserted []uuid.UUID) {
	made := make(map[uuid.UUID]bool, len(inserted))
	for _, id := range inserted {
		made[id] = true
	}
	c.plan.inserts = slices.DeleteFunc(c.plan.inserts, func(pr *plannedRecord) bool {
		if made[pr.id] {
			return false
		}
		c.plan.counts.Created--
		if c.duplicates == DuplicatesSkip {
			c.plan.counts.Skipped++
		} else {
			c.refuse(pr.rows[0], c.lost(pr.rows[0].keys))
		}
		return true
	})
}

// lost says which of a row's keys another record took at the same moment.
func (c *planner) lost(keys []string) apperr.Detail {
	i := slices.IndexFunc(keys, c.entity.unique)
	taken, _ := c.entity.keyProblems(keys[i])
	return taken
}
