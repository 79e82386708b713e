package backup

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Pin says whether a backup is kept until somebody deletes it, whatever its kind.
type Pin struct {
	Pinned bool      `json:"pinned"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Pinned reports whether no age makes the backup be forgotten.
func (b Backup) Pinned() bool {
	if b.Pin != nil {
		return b.Pin.Pinned
	}
	return b.Kind == Pinned
}

// SetPinned keeps a backup until somebody deletes it, or lets it be forgotten in
// its time. It waits for no other job. by is the name of who wants it.
func (s *Service) SetPinned(ctx context.Context, id uuid.UUID, pinned bool, by string) error {
	if _, err := s.Get(ctx, id); err != nil {
		return err
	}
	return s.write(ctx, id, pinName, Pin{Pinned: pinned, By: by, At: s.now()})
}
