package backup

import (
	"context"
	"fmt"

	"payaid/internal/disk"
)

// roomFor is how many bytes the file system of a database server must have free for a
// copy of m: the data and as much again for the write-ahead log, and never less than
// two and a half times the dump, as much as an index or a sort may take besides.
func roomFor(m Manifest) int64 {
	return max(m.Snapshot.DatabaseBytes+m.DumpBytes, m.DumpBytes*5/2)
}

// checkRoom refuses a copy for which there is not enough room on the server of the
// live database: a full disk would stop that, too. known is false where this process
// cannot see the disk.
func (s *Service) checkRoom(ctx context.Context, j *job, m Manifest) (known bool, err error) {
	need := roomFor(m)
	if s.o.DatabaseDir == "" {
		return false, j.say(ctx, "how much room the database server has is not known here; the copy needs about %s", gibibytes(need))
	}
	free, known, err := disk.Free(s.o.DatabaseDir)
	if err != nil {
		return false, fmt.Errorf("%w: look for room in %s, which PAYAID_BACKUP_DATABASE_DIR names: %w", ErrRefused, s.o.DatabaseDir, err)
	}
	if known && free < uint64(need) {
		return true, fmt.Errorf("%w: the database server has %s of room left and a copy of this backup needs %s: make room, and try again", ErrRefused, gibibytes(int64(free)), gibibytes(need))
	}
	return known, nil
}

func gibibytes(n int64) string { return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30)) }
