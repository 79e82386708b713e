package backup

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Delete forgets one backup, whatever its age and whether or not it is pinned or
// can be trusted. The last verified one is refused with ErrRefused.
func (s *Service) Delete(ctx context.Context, id uuid.UUID) error {
	j, err := s.begin(ctx, "delete", "")
	if err != nil {
		return err
	}
	err = s.delete(ctx, j, id)
	j.end(ctx, id, err)
	return err
}

func (s *Service) delete(ctx context.Context, j *job, id uuid.UUID) error {
	all, err := s.List(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(b Backup) bool { return b.ID == id })
	if i < 0 {
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	b := all[i]
	others := slices.DeleteFunc(slices.Clone(all), func(o Backup) bool { return o.ID == id || !o.Verified() || !o.OfLive() })
	if b.Verified() && b.OfLive() && len(others) == 0 {
		return fmt.Errorf("%w: this is the only verified backup: make another one first", ErrRefused)
	}
	if err := s.forget(ctx, id); err != nil {
		return err
	}
	return j.say(ctx, "forgot %s", id)
}
