// Package platform administers the installation as a whole: its businesses, its
// background jobs, its cache, its backups and its own audit log. Every method is for platform
// administrators; for everybody else there is nothing here.
//
// What happens inside a business belongs to the other areas.
package platform

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/backup"
	"payaid/internal/cache"
	"payaid/internal/change"
	"payaid/internal/jobs"
)

// pageSize is how many rows a page of any list here holds.
const pageSize = 50

// Service holds the use cases of platform administrators.
type Service struct {
	db     *db.DB
	write  *change.Writer
	queue  *jobs.Client
	people *auth.Service
	cache  *cache.Cache

	backups *backup.Desk // nil before UseBackups
}

// New returns a Service.
func New(w *change.Writer, queue *jobs.Client, people *auth.Service, c *cache.Cache) *Service {
	return &Service{db: w.DB, write: w, queue: queue, people: people, cache: c}
}

// require answers NotFound to everybody but platform administrators: who may not
// come in need not learn that there is a door.
func require(p auth.Principal) error {
	if p.PlatformAdmin && !p.IsKey() {
		return nil
	}
	return apperr.New(apperr.NotFound, "This page does not exist.")
}

// actorIn is the administrator acting on a business, or on the installation with
// uuid.Nil. Idempotency keys belong to a business, so there is none.
func actorIn(p auth.Principal, tenant uuid.UUID) change.Actor {
	a := p.Actor()
	a.TenantID, a.IdempotencyKey = tenant, ""
	return a
}

// names returns the names of those of the businesses that exist.
func (s *Service) names(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	out := map[uuid.UUID]string{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := s.db.Global().NamesOfTenants(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look for the names of businesses: %w", err)
	}
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, nil
}
