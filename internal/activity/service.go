// Package activity keeps the timeline: notes, calls, meetings and messages that
// hang on contacts and companies, with the comments of colleagues.
//
// It stands above crm: an activity is seen by whoever sees the record that it hangs
// on, which crm decides, and crm need not know what hangs on its records. When a
// contact was last contacted follows from here and is kept by crm, whose column it
// is, in the same transaction.
package activity

import (
	"time"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/cache"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/listing"
)

// Service holds the use cases about activities and their comments.
type Service struct {
	db    *db.DB
	write *change.Writer
	auth  *auth.Service
	cache *cache.Cache // nil: nothing is kept
	now   func() time.Time
}

// New returns a Service that asks a whether those who are mentioned see the record.
func New(w *change.Writer, a *auth.Service) *Service {
	return &Service{db: w.DB, write: w, auth: a, now: w.Now}
}

// UseCache has lists kept in c. The writer that New got must mark its tags there.
func (s *Service) UseCache(c *cache.Cache) { s.cache = c }

// Viewed is the list of activities as saved views know it.
func Viewed() crm.List {
	return crm.List{Read: auth.ActivitiesRead, Write: auth.ActivitiesWrite, Canonical: list.Canonical, Columns: Columns, Default: Columns}
}

func (s *Service) source() listing.Source { return listing.Source{DB: s.db, Cache: s.cache} }
