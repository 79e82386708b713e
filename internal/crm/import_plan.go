package crm

import (
	"slices"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
)

const (
	sayEmailTaken = "Another contact already has this e-mail address."
	sayNotYours   = "A contact with this e-mail address exists, and you may not change it."
)

// heldContact is a living contact that a row of the chunk may be about.
type heldContact struct {
	Contact
	mayChange bool
}

// plannedContact is one contact that a chunk makes or changes, from one row or
// from several with the same e-mail.
type plannedContact struct {
	id     uuid.UUID
	before *Contact // nil: it is new
	values map[string]string
	input  ContactInput
	row    importRow // the first of its rows
}

// chunkPlan is what a chunk of rows comes to.
type chunkPlan struct {
	inserts, updates []*plannedContact
	refused          []importRow
	counts           ImportCounts // without Total
}

// planner decides row by row, in the order of the file.
type planner struct {
	duplicates string
	p          auth.Principal
	held       map[string]heldContact     // by e-mail
	planned    map[string]*plannedContact // by e-mail, in this chunk
	saw        func(email string) bool    // whether a dry run planned it in an earlier chunk
	plan       chunkPlan
}

func (c *planner) add(row importRow) {
	email := row.input.Email
	if len(row.problems) > 0 {
		c.refuse(row)
		return
	}
	held, isHeld := c.held[email]
	switch planned := c.planned[email]; {
	case email == "" || !isHeld && planned == nil && !c.saw(email):
		c.insert(row)
	case c.duplicates == DuplicatesSkip:
		c.plan.counts.Skipped++
	case c.duplicates == DuplicatesCreate:
		c.refuse(row, apperr.Detail{Field: "email", Message: sayEmailTaken})
	case isHeld && !held.mayChange:
		c.refuse(row, apperr.Detail{Field: "email", Message: sayNotYours})
	case planned == nil && isHeld:
		c.update(row, &plannedContact{id: held.ID, before: &held.Contact, row: row})
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
	pc := &plannedContact{id: uuid.Must(uuid.NewV7()), values: row.values, input: row.input, row: row}
	c.plan.inserts = append(c.plan.inserts, pc)
	c.plan.counts.Created++
	if row.input.Email != "" {
		c.planned[row.input.Email] = pc
	}
}

// update lays the row over what its contact comes to so far.
func (c *planner) update(row importRow, pc *plannedContact) {
	values := merge(pc.values, row.values)
	base := Contact{OwnerID: c.p.User()}
	if pc.before != nil {
		base = *pc.before
	}
	input, problems := contactFromValues(values, base)
	if len(problems) > 0 {
		c.refuse(row, problems...)
		return
	}
	pc.values, pc.input = values, input
	c.plan.counts.Updated++
	if c.planned[input.Email] == nil {
		c.planned[input.Email] = pc
		c.plan.updates = append(c.plan.updates, pc)
	}
}

// settle takes the planned contacts that turned out to have lost their e-mail to
// somebody else out of the plan.
func (c *planner) settle(inserted []uuid.UUID) {
	made := make(map[uuid.UUID]bool, len(inserted))
	for _, id := range inserted {
		made[id] = true
	}
	c.plan.inserts = slices.DeleteFunc(c.plan.inserts, func(pc *plannedContact) bool {
		if made[pc.id] {
			return false
		}
		c.plan.counts.Created--
		if c.duplicates == DuplicatesSkip {
			c.plan.counts.Skipped++
		} else {
			c.refuse(pc.row, apperr.Detail{Field: "email", Message: sayEmailTaken})
		}
		return true
	})
}
