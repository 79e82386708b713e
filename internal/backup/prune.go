package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"payaid/internal/blob"
)

// abandonedAfter is when what has no manifest is taken for the rest of a killed
// backup.
const abandonedAfter = 24 * time.Hour

// Prune forgets backups that are older than their kind is kept, and the rests of
// killed ones. The MinVerified newest verified backups always stay, however old
// they are; so does what cannot be read. It returns the ids of forgotten backups.
func (s *Service) Prune(ctx context.Context) ([]uuid.UUID, error) {
	s, err := s.configured(ctx)
	if err != nil {
		return nil, err
	}
	j, err := s.begin(ctx, "prune", "")
	if err != nil {
		return nil, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	gone, err := s.prune(ctx, j)
	err = ended(ctx, err)
	j.end(ctx, uuid.Nil, err)
	return gone, err
}

func (s *Service) prune(ctx context.Context, j *job) ([]uuid.UUID, error) {
	all, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	var gone []uuid.UUID
	for _, b := range s.expired(all) {
		if err := s.forget(ctx, b.ID); err != nil {
			return gone, err
		}
		gone = append(gone, b.ID)
		if err := j.say(ctx, "forgot %s, %s of %s", b.ID, b.Kind, b.StartedAt.Format(time.DateOnly)); err != nil {
			return gone, err
		}
	}
	if err := s.pruneArchives(ctx, j); err != nil {
		return gone, err
	}
	return gone, s.sweepAbandoned(ctx)
}

// expired lists what may be forgotten. all is newest first.
func (s *Service) expired(all []Backup) []Backup {
	var verified, regular []uuid.UUID // regular: what the schedule or a person made
	for _, b := range all {
		if !b.Verified() || !b.OfLive() {
			continue
		}
		verified = append(verified, b.ID)
		if b.Kind == Scheduled || b.Kind == Manual {
			regular = append(regular, b.ID)
		}
	}
	floor := slices.Concat(first(verified, MinVerified), first(regular, MinVerified))
	var out []Backup
	for _, b := range all {
		if b.Err == nil && s.tooOld(b) && !slices.Contains(floor, b.ID) {
			out = append(out, b)
		}
	}
	return out
}

func first[T any](s []T, n int) []T { return s[:min(n, len(s))] }

func (s *Service) tooOld(b Backup) bool {
	days := s.o.RetentionDays
	switch {
	case b.Pinned():
		return false
	case b.Kind == Safety || b.Kind == PITR:
		days = SafetyDays
	case b.Kind != Scheduled && b.Kind != Manual && b.Kind != Pinned && b.Kind != Final: // what a newer version may add
		return false
	}
	return b.StartedAt.Before(s.now().AddDate(0, 0, -days))
}

// forget deletes the manifest first: what is left after a crash is no backup.
func (s *Service) forget(ctx context.Context, id uuid.UUID) error {
	for _, name := range []string{manifestName, pinName, drillName, verifyName, listName, dumpName} {
		if err := s.o.Store.Delete(ctx, key(id, name)); err != nil {
			return fmt.Errorf("forget backup %s: %w", id, err)
		}
	}
	return nil
}

// sweepAbandoned removes what killed backups and deletions left. The caller holds
// the lock: no backup is being made.
func (s *Service) sweepAbandoned(ctx context.Context) error {
	found, err := s.scan(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for id, names := range found {
		if slices.Contains(names, manifestName) || slices.Contains(names, tenantManifestName) {
			continue
		}
		for _, name := range names {
			errs = append(errs, s.removeOld(ctx, key(id, name)))
		}
	}
	return errors.Join(errs...)
}

func (s *Service) removeOld(ctx context.Context, key string) error {
	info, err := s.o.Store.Stat(ctx, key)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return nil
	case errors.Is(err, blob.ErrDamaged): // half a file is what a full disk leaves
	case err != nil:
		return fmt.Errorf("look at %s: %w", key, err)
	case info.Modified.After(s.now().Add(-abandonedAfter)):
		return nil
	}
	if err := s.o.Store.Delete(ctx, key); err != nil {
		return fmt.Errorf("remove %s: %w", key, err)
	}
	return nil
}
