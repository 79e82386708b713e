package list

import (
	"net/url"
	"strings"

	"github.com/google/uuid"

	"payaid/views/record"
)

// Record is the address of a record that is opened from the list at a: it keeps the
// list's own.
func (e Entity) Record(id uuid.UUID, a Address) string {
	_, query, _ := strings.Cut(e.URL(a), "?")
	return e.Path + "/" + id.String() + "?list=" + url.QueryEscape(query)
}

// Neighbours are the addresses of the records beside one in the list at a.
func (e Entity) Neighbours(a Address, prev, next *uuid.UUID) record.Neighbours {
	n := record.Neighbours{List: e.URL(a)}
	if prev != nil {
		n.Prev = e.Record(*prev, a)
	}
	if next != nil {
		n.Next = e.Record(*next, a)
	}
	return n
}
