package crm

import (
	"context"

	"github.com/google/uuid"

	"payaid/internal/auth"
)

// ContactNeighbours returns the contacts before and after one in the list of the
// filter, whose cursor is not read; nil where there is none.
func (s *Service) ContactNeighbours(ctx context.Context, p auth.Principal, f ContactFilter, id uuid.UUID) (prev, next *uuid.UUID, err error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return nil, nil, err
	}
	q, err := f.Listing()
	if err != nil {
		return nil, nil, err
	}
	return contactList.Neighbours(ctx, s.source(), s.reader(p, auth.Contacts), q, id)
}
