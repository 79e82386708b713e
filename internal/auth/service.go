// Package auth knows who asks and what they may do: people and their passwords,
// memberships and roles, API keys, the Principal and its rights.
//
// Sessions are kept by internal/session, limits by internal/limit; this package
// decides what a session or a key stands for.
package auth

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/cache"
	"payaid/internal/change"
)

// Service holds the use cases about people and keys.
type Service struct {
	db     *db.DB
	write  *change.Writer
	log    *slog.Logger
	now    func() time.Time
	hasher *hasher
	decoy  string // a hash nobody's password makes
	letter NoticeLetter

	cache      *cache.Cache // nil: nothing is kept
	keyTenants noted[string, uuid.UUID]
	keyUses    noted[uuid.UUID, time.Time]
}

// New returns a Service. It takes the time of one password hash.
func New(ctx context.Context, w *change.Writer, options ...Option) (*Service, error) {
	s := &Service{db: w.DB, write: w, log: w.Log, now: w.Now, hasher: newHasher()}
	for _, set := range options {
		set(s)
	}
	var err error
	s.decoy, err = s.hasher.hash(ctx, uuid.NewString())
	return s, err
}

// systemActor is the command line or a job, for one tenant or for none.
func systemActor(tenant uuid.UUID) change.Actor {
	return change.Actor{TenantID: tenant, Kind: change.ActorSystem, Name: "PayAid"}
}
