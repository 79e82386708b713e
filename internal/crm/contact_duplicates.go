package crm

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/gstin"
	"payaid/internal/reach"
)

// DuplicateQuery is what a contact would be known by, as it was typed. "" is not
// looked for.
type DuplicateQuery struct {
	Email, Phone, GSTIN string
	Of                  uuid.UUID // the contact itself, whose present values are no news; uuid.Nil for a new one
}

// Duplicate is another contact that is known by the same.
type Duplicate struct {
	Fields  []string // email, phone, gstin
	Visible bool     // the principal may see it: otherwise only that there is one
	ID      uuid.UUID
	Name    string
}

// ContactDuplicates returns the living contacts that share an e-mail, a phone or a
// GSTIN with what is asked, a few for each. It is a warning: of the three only the
// e-mail has to be unique. A value that cannot be one is a Validation error.
func (s *Service) ContactDuplicates(ctx context.Context, p auth.Principal, ask DuplicateQuery) ([]Duplicate, error) {
	if err := p.Require(auth.ContactsWrite); err != nil {
		return nil, err
	}
	ask.Email, ask.Phone, ask.GSTIN = reach.Email(ask.Email), reach.Phone(ask.Phone), gstin.Normalize(ask.GSTIN)
	if err := ask.validate(); err != nil {
		return nil, err
	}
	q := s.db.Tenant(p.TenantID)
	if ask.Of != uuid.Nil {
		row, err := readContact(ctx, q, p, ask.Of)
		if err != nil {
			return nil, err
		}
		ask.leaveOut(row)
	}
	if ask.Email == "" && ask.Phone == "" && ask.GSTIN == "" {
		return nil, nil
	}
	rows, err := q.FindContactDuplicates(ctx, db.FindContactDuplicatesParams{TenantID: p.TenantID, Email: ask.Email, Phone: ask.Phone, Gstin: ask.GSTIN, ExceptID: ask.Of})
	if err != nil {
		return nil, fmt.Errorf("look for duplicates: %w", err)
	}
	return duplicates(p, rows), nil
}

func (ask DuplicateQuery) validate() error {
	var f apperr.Fields
	f.Check(ask.Email == "" || reach.ValidEmail(ask.Email) && printable(ask.Email), "email", "This does not look like an e-mail address.")
	f.Check(ask.Phone == "" || reach.ValidPhone(ask.Phone) && printable(ask.Phone), "phone", "This does not look like a phone number.")
	f.Check(ask.GSTIN == "" || gstin.Valid(ask.GSTIN), "gstin", "This is not a valid GSTIN: check the 15 characters.")
	return f.Err()
}

// leaveOut drops what the contact is known by already.
func (ask *DuplicateQuery) leaveOut(row db.GetContactRow) {
	for _, v := range []struct {
		asked *string
		has   string
	}{{&ask.Email, row.Email}, {&ask.Phone, row.Phone}, {&ask.GSTIN, row.Gstin}} {
		if *v.asked == v.has {
			*v.asked = ""
		}
	}
}

// duplicates joins the rows of one contact. Those that the principal may not see
// become one for each field, without a name.
func duplicates(p auth.Principal, rows []db.FindContactDuplicatesRow) []Duplicate {
	var out []Duplicate
	var hidden []string
	for _, r := range rows {
		if !p.Sees(auth.Contacts, r.OwnerID, r.OwnerTeamID) {
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
