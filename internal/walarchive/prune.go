package walarchive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"payaid/internal/blob"
)

// abandonedAfter is when a base backup without a manifest is taken for the rest of a
// killed one.
const abandonedAfter = 24 * time.Hour

// Prune forgets what no moment after keep needs: the base backups before the newest
// one that was finished by then, and the log before the oldest that stays. So the
// newest base backup and all of the log after it always stay, however old they are.
// Where a manifest cannot be trusted nothing of that server is forgotten. It returns
// how many objects went.
func (a *Archive) Prune(ctx context.Context, keep time.Time) (int, error) {
	var w Window
	all, err := a.scan(ctx, &w)
	if err != nil {
		return 0, err
	}
	if len(w.Untrusted) > 0 {
		return 0, fmt.Errorf("nothing of the write-ahead log was forgotten: base backup %s", w.Untrusted[0])
	}
	gone := 0
	for system, c := range all {
		n, err := a.pruneOne(ctx, system, c, keep)
		gone += n
		if err != nil {
			return gone, err
		}
	}
	return gone, a.sweepAbandoned(ctx)
}

func (a *Archive) pruneOne(ctx context.Context, system string, c *content, keep time.Time) (gone int, err error) {
	slices.SortFunc(c.bases, func(x, y Base) int { return x.FinishedAt.Compare(y.FinishedAt) })
	oldest := -1 // of those that stay
	for i, b := range c.bases {
		_, usable, err := a.route(ctx, c, b)
		if err != nil {
			return gone, err
		}
		if usable && !b.FinishedAt.After(keep) {
			oldest = i
		}
	}
	if oldest < 0 {
		return 0, nil
	}
	remove := func(key string) error {
		if err := a.o.Store.Delete(ctx, key); err != nil && !errors.Is(err, blob.ErrNotFound) {
			return fmt.Errorf("forget %s: %w", key, err)
		}
		gone++
		return nil
	}
	for _, b := range c.bases[:oldest] {
		// The manifest first: what is left after a crash is no base backup.
		for _, name := range []string{baseManifest, baseData} {
			if err := remove(baseKey(system, b.ID, name)); err != nil {
				return gone, err
			}
		}
	}
	size := c.bases[oldest].SegmentSize
	first := parse(c.bases[oldest].First, size).number
	for name := range c.segments {
		if parse(name, size).number >= first {
			continue
		}
		if err := remove(segmentKey(system, name)); err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// sweepAbandoned removes what killed base backups left.
func (a *Archive) sweepAbandoned(ctx context.Context) error {
	data, listed := map[string]time.Time{}, map[string]bool{}
	err := a.o.Store.List(ctx, "", func(info blob.Info) error {
		if folder, ok := strings.CutSuffix(info.Key, "/"+baseData); ok {
			data[folder] = info.Modified
		}
		if folder, ok := strings.CutSuffix(info.Key, "/"+baseManifest); ok {
			listed[folder] = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the archive: %w", err)
	}
	for folder, at := range data {
		if listed[folder] || at.After(a.o.Now().Add(-abandonedAfter)) {
			continue
		}
		if err := a.o.Store.Delete(ctx, folder+"/"+baseData); err != nil {
			return fmt.Errorf("remove the rest of a base backup: %w", err)
		}
	}
	return nil
}
