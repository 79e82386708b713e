package crm

import (
	"context"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/listing"
)

// MaxRecent bounds how many contacts RecentContacts takes.
const MaxRecent = 8

// RecentContacts returns those of the contacts that still exist and that the
// principal sees, in the order of ids; at most MaxRecent ids are read. It never
// says which are missing, or why.
func (s *Service) RecentContacts(ctx context.Context, p auth.Principal, ids []uuid.UUID) ([]Contact, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return nil, err
	}
	ids = ids[:min(len(ids), MaxRecent)]
	if len(ids) == 0 {
		return nil, nil
	}
	seen, err := contactList.Few(ctx, s.source(), s.reader(p, auth.Contacts), listing.Condition{SQL: "c.id = ANY(?)", Args: []any{ids}}, MaxRecent)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]Contact, len(seen))
	for _, c := range seen {
		byID[c.ID] = c
	}
	recent := make([]Contact, 0, len(byID))
	for _, id := range ids {
		if c, ok := byID[id]; ok {
			recent = append(recent, c)
			delete(byID, id) // an id that is named twice shows once
		}
	}
	return recent, nil
}
