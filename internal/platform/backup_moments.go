package platform

import (
	"context"
	"time"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/backup"
)

// BackupWindow is what the page of moments shows.
type BackupWindow struct {
	*backup.Window                // nil where the write-ahead log is not archived
	Zone           *time.Location // in which moments are named
}

// BackupWindow returns which moments can be restored.
func (s *Service) BackupWindow(ctx context.Context, p auth.Principal) (BackupWindow, error) {
	d, err := s.desk(p)
	if err != nil {
		return BackupWindow{}, err
	}
	return windowOf(ctx, d)
}

func windowOf(ctx context.Context, d *backup.Desk) (BackupWindow, error) {
	var out BackupWindow
	var err error
	if out.Window, err = d.Window(ctx); err != nil {
		return out, explainBackup(err)
	}
	out.Zone, err = d.Zone(ctx)
	return out, explainBackup(err)
}

// checkMoment reads a moment, and refuses one that cannot be restored.
func checkMoment(ctx context.Context, d *backup.Desk, text string) (time.Time, error) {
	w, err := windowOf(ctx, d)
	if err != nil {
		return time.Time{}, err
	}
	if w.Window == nil {
		return time.Time{}, apperr.New(apperr.BusinessRule, "Point in time is not set up: the write-ahead log of the database is not archived.")
	}
	var f apperr.Fields
	to, err := backup.ParseMoment(text, w.Zone)
	if err != nil {
		f.Add("moment", "Give a day and a time, such as 2026-11-22 14:35.")
		return to, f.Err()
	}
	f.Check(w.Contains(to), "moment", "This moment cannot be restored: "+w.Explain(to, w.Zone)+".")
	return to, f.Err()
}
