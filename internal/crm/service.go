// Package crm keeps the people and companies a business deals with, and the
// imports that bring them in.
//
// A method of Service is one use case: it checks the principal's right and
// scope, validates, decides and writes through internal/change.
package crm

import (
	"time"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/cache"
	"payaid/internal/change"
)

// Service holds the use cases about contacts, companies and imports.
type Service struct {
	db    *db.DB
	write *change.Writer
	blobs blob.Store
	auth  *auth.Service
	cache *cache.Cache // nil: nothing is kept
	now   func() time.Time
	lists map[string]List // that have saved views, by their entity
}

// New returns a Service that keeps uploaded files in blobs and asks a for the
// principals of its jobs.
func New(w *change.Writer, blobs blob.Store, a *auth.Service) *Service {
	return &Service{db: w.DB, write: w, blobs: blobs, auth: a, now: w.Now, lists: lists()}
}

// UseCache has lists kept in c. The writer that New got must mark its tags there.
func (s *Service) UseCache(c *cache.Cache) { s.cache = c }
