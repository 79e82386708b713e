package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// EndSessions voids every session of the person who asks, the asking one too: who
// wants to stay begins a new one. It holds even where the session store does not
// answer or brings old sessions back.
func (s *Service) EndSessions(ctx context.Context, p Principal) error {
	if p.IsKey() {
		return apperr.New(apperr.NoPermission, "Only people have sessions.")
	}
	_, err := change.Do(ctx, s.write, unrepeated(p), "user.end_sessions", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if err := VoidSessions(ctx, tx, p.UserID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.Record(ctx, change.Event{Action: "user.end_sessions", Entity: entityPerson, EntityID: p.UserID})
	})
	return err
}

// VoidSessions makes every session of the person that began before tx void.
func VoidSessions(ctx context.Context, tx *change.Tx, user uuid.UUID) error {
	return wrap(tx.Q.VoidSessions(ctx, db.VoidSessionsParams{ID: user, Now: tx.Now}), "void the sessions")
}

// SessionEnded notes in the audit log that the person ended one of their sessions;
// device and ip say which.
func (s *Service) SessionEnded(ctx context.Context, p Principal, device, ip string) error {
	_, err := change.Do(ctx, s.write, unrepeated(p), "user.end_session", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, tx.Record(ctx, change.Event{
			Action: "user.end_session", Entity: entityPerson, EntityID: p.UserID, Before: map[string]string{"device": device, "ip": ip},
		})
	})
	return err
}

// unrepeated is the actor of a write that an idempotency key must not replay:
// what it ends may have begun anew.
func unrepeated(p Principal) change.Actor {
	a := p.Actor()
	a.IdempotencyKey = ""
	return a
}

// BusinessNames returns the names of the active businesses that the person belongs
// to, by id.
func (s *Service) BusinessNames(ctx context.Context, p Principal) (map[uuid.UUID]string, error) {
	rows, err := s.db.Global().ListMembershipsOfUser(ctx, p.UserID)
	if err != nil {
		return nil, fmt.Errorf("list memberships: %w", err)
	}
	names := make(map[uuid.UUID]string, len(rows))
	for _, r := range rows {
		names[r.TenantID] = r.TenantName
	}
	return names, nil
}
