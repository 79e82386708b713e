package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"payaid/db"
	"payaid/internal/walarchive"
)

// momentForms are how people write a moment without a zone.
var momentForms = []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// ParseMoment reads "2026-11-22 14:35", with seconds or not, in a zone, or a time of
// RFC 3339 with a zone of its own.
func ParseMoment(text string, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, form := range momentForms {
		if t, err := time.ParseInLocation(form, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no time such as 2026-11-22 14:35", text)
}

// RestoreTo makes everything as it was at a moment the live data. The server is
// recovered beside the live one and stands still at that moment, a backup of kind PITR
// is made of it, and that is restored as Restore does: whatever fails before the swap
// leaves the live data untouched. A moment that cannot be recovered is refused before
// any work.
func (s *Service) RestoreTo(ctx context.Context, to time.Time) (Restored, error) {
	if _, err := s.reachable(ctx, to); err != nil {
		return Restored{}, err
	}
	j, err := s.begin(ctx, string(VerbRestoreTo), PITR)
	if err != nil {
		return Restored{}, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	b, err := s.recoverTo(ctx, j, to)
	var r Restored
	if err == nil {
		r, err = s.restore(ctx, j, b.ID, false)
	}
	err = ended(ctx, err)
	j.end(ctx, b.ID, err)
	return r, err
}

// reachable returns who can open what a moment is recovered from, as a backup, or
// ErrRefused. A key is not needed for that.
func (s *Service) reachable(ctx context.Context, to time.Time) (Backup, error) {
	a, err := s.walArchive()
	if err != nil {
		return Backup{}, err
	}
	base, err := a.Find(ctx, to, s.zone())
	if errors.Is(err, walarchive.ErrOutside) {
		return Backup{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return Backup{Manifest: Manifest{Recipients: base.Recipients}}, err
}

// recoverTo makes a backup of a moment. The server it is made of is gone afterwards.
func (s *Service) recoverTo(ctx context.Context, j *job, to time.Time) (Backup, error) {
	if s.o.OwnerURL == "" {
		return Backup{}, fmt.Errorf("%w: a restore makes and renames databases: name their owner in PAYAID_DATABASE_OWNER_URL", ErrRefused)
	}
	database, err := databaseName(s.o.BackupURL)
	if err != nil {
		return Backup{}, err
	}
	a, err := s.walArchive()
	if err != nil {
		return Backup{}, err
	}
	server, err := a.Recover(ctx, walarchive.Recovery{
		To: to, Zone: s.zone(), Role: db.RoleBackup, Database: database,
		Say: func(format string, args ...any) error { return j.say(ctx, format, args...) },
	})
	if err != nil {
		return Backup{}, err
	}
	defer server.Close()
	own := *s
	own.o.BackupURL, own.asOf = server.URL(db.RoleBackup, database), to
	return own.create(ctx, j, PITR)
}

// leftRecovery reports whether a recovery is at work on this machine, or was killed.
func (s *Service) leftRecovery() bool {
	if s.o.WAL.Store == nil {
		return false
	}
	a, err := s.walArchive()
	return err == nil && a.Left()
}

// sweepRecovery ends and removes the server of a recovery that was killed. The caller
// holds the lock for backups: none is at work.
func (s *Service) sweepRecovery(ctx context.Context) {
	if !s.leftRecovery() {
		return
	}
	a, err := s.walArchive()
	if err == nil {
		err = a.Sweep()
	}
	if err != nil {
		s.o.Log.WarnContext(ctx, "what is left of a recovery stays for now", "err", err)
	}
}
