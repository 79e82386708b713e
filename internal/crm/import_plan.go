package crm

import (
	"slices"

	"github.com/google/uuid"

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
	held       map[string]heldRecord     // by key
	planned    map[string]*plannedRecord // by key, in this chunk
	saw        func(key string) bool     // whether a dry run planned it in an earlier chunk
	plan       chunkPlan
}

func newPlanner(e importEntity, p auth.Principal, duplicates string, held map[string]heldRecord, saw func(string) bool) *planner {
	return &planner{entity: e, duplicates: duplicates, p: p, held: held, planned: map[string]*plannedRecord{}, saw: saw}
}

func (c *planner) add(row importRow) {
	taken, notYours := c.entity.keyProblems()
	if len(row.problems) > 0 {
		c.refuse(row)
		return
	}
	held, isHeld := c.held[row.key]
	switch planned := c.planned[row.key]; {
	case row.key == "" || !isHeld && planned == nil && !c.saw(row.key):
		c.insert(row)
	case c.duplicates == DuplicatesSkip:
		c.plan.counts.Skipped++
	case c.duplicates == DuplicatesCreate:
		c.refuse(row, taken)
	case isHeld && !held.mayChange:
		c.refuse(row, notYours)
	case planned == nil && isHeld:
		c.update(row, &plannedRecord{id: held.id, before: &held, row: row})
	case planned == nil: // of an earlier chunk of a dry run
		c.plan.counts.Updated++
	default:
		c.update(row, planned)
	}
}

func (c *planner) refuse(row importRow, details ...apperr.Detail) {
	row.problems = append(row.problems, details...)
	c.plan.refused = append(c.plan.refused, row)
	c.plan.counts.Failed++
}

func (c *planner) insert(row importRow) {
	pr := &plannedRecord{id: uuid.Must(uuid.NewV7()), values: row.values, input: row.input, row: row}
	c.plan.inserts = append(c.plan.inserts, pr)
	c.plan.counts.Created++
	if row.key != "" {
		c.planned[row.key] = pr
	}
}

// update lays the row over what its record comes to so far.
func (c *planner) update(row importRow, pr *plannedRecord) {
	values := merge(pr.values, row.values)
	var base any
	if pr.before != nil {
		base = pr.before.record
	}
	input, key, problems := c.entity.read(c.p, values, base)
	if len(problems) > 0 {
		c.refuse(row, problems...)
		return
	}
	pr.values, pr.input = values, input
	c.plan.counts.Updated++
	if c.planned[key] == nil {
		c.planned[key] = pr
		c.plan.updates = append(c.plan.updates, pr)
	}
}

// settle takes the planned records that turned out to have lost their key to
// somebody else out of the plan.
func (c *planner) settle(inserted []uuid.UUID) {
	taken, _ := c.entity.keyProblems()
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
			c.refuse(pr.row, taken)
		}
		return true
	})
}
