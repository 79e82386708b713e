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
	"payaid/internal/gstin"
	"payaid/internal/reach"
)

// DuplicateQuery is what a record would be known by, as it was typed. "" is not
// looked for, and nothing is that the entity does not know.
type DuplicateQuery struct {
	Name, Email, Phone, GSTIN, Website string
	Of                                 uuid.UUID // the record itself, whose present values are no news; uuid.Nil for a new one
}

// Duplicate is another record that is known by the same.
type Duplicate struct {
	Fields  []string // name, email, phone, gstin, website
	Visible bool     // the principal may see it: otherwise only that there is one
	ID      uuid.UUID
	Name    string
}

// likeness is a record that shares one field with what was asked.
type likeness = db.FindContactDuplicatesRow

// Duplicates returns the living records that share what they are known by with what
// is asked, a few for each field. It is a warning: of all only the e-mail of a
// contact and the name of a company have to be unique. A value that cannot be one is
// a Validation error.
func (r Records[T, I, P]) Duplicates(ctx context.Context, p auth.Principal, ask DuplicateQuery) ([]Duplicate, error) {
	if err := p.Require(r.k.write); err != nil {
		return nil, err
	}
	ask.normalize()
	if err := ask.validate(); err != nil {
		return nil, err
	}
	q := r.s.db.Tenant(p.TenantID)
	if ask.Of != uuid.Nil {
		record, _, err := r.k.seen(ctx, q, p, ask.Of)
		if err != nil {
			return nil, err
		}
		ask.leaveOut(r.k.rules.known(record))
	}
	if ask == (DuplicateQuery{Of: ask.Of}) {
		return nil, nil
	}
	rows, err := r.k.rules.similar(ctx, q, p.TenantID, ask)
	if err != nil {
		return nil, fmt.Errorf("look for duplicates: %w", err)
	}
	return duplicates(p, r.k.entity, rows), nil
}

func (ask *DuplicateQuery) normalize() {
	ask.Name = strings.Join(strings.Fields(ask.Name), " ")
	ask.Email, ask.Phone, ask.GSTIN = reach.Email(ask.Email), reach.Phone(ask.Phone), gstin.Normalize(ask.GSTIN)
	ask.Website = withScheme(ask.Website)
}

func (ask *DuplicateQuery) validate() error {
	var f apperr.Fields
	f.Check(printable(ask.Name), "name", "This text holds characters that cannot be stored.")
	f.Check(ask.Email == "" || reach.ValidEmail(ask.Email) && printable(ask.Email), "email", "This does not look like an e-mail address.")
	f.Check(ask.Phone == "" || reach.ValidPhone(ask.Phone) && printable(ask.Phone), "phone", "This does not look like a phone number.")
	f.Check(ask.GSTIN == "" || gstin.Valid(ask.GSTIN), "gstin", "This is not a valid GSTIN: check the 15 characters.")
	f.Check(ask.Website == "" || webAddress(ask.Website) && printable(ask.Website), "website", "This does not look like the address of a website.")
	return f.Err()
}

// leaveOut drops what the record is known by already.
func (ask *DuplicateQuery) leaveOut(has DuplicateQuery) {
	for _, v := range []struct {
		asked *string
		has   string
	}{{&ask.Name, has.Name}, {&ask.Email, has.Email}, {&ask.Phone, has.Phone}, {&ask.GSTIN, has.GSTIN}, {&ask.Website, has.Website}} {
		if *v.asked == v.has {
			*v.asked = ""
		}
	}
}

// duplicates joins the rows of one record. Those that the principal may not see
// become one without a name.
func duplicates(p auth.Principal, entity string, rows []likeness) []Duplicate {
	var out []Duplicate
	var hidden []string
	for _, r := range rows {
		if !p.Sees(entity, r.OwnerID, r.OwnerTeamID) {
			if !slices.Contains(hidden, r.Field) {
				hidden = append(hidden, r.Field)
			}
			continue
		}
		i := slices.IndexFunc(out, func(d Duplicate) bool { return d.ID == r.ID })
		if i < 0 {
			i = len(out)
			out = append(out, Duplicate{Visible: true, ID: r.ID, Name: r.Name})
		}
		out[i].Fields = append(out[i].Fields, r.Field)
	}
	if len(hidden) > 0 {
		out = append(out, Duplicate{Fields: hidden})
	}
	return out
}
