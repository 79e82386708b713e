package api

import (
	"context"
	"time"

	"payaid/internal/backup"
	"payaid/internal/platform"
)

// BackupWindow is which moments can be restored.
type BackupWindow struct {
	Archived     bool         `json:"archived" doc:"The write-ahead log is archived; where it is not there are no spans"`
	Zone         string       `json:"zone" example:"Asia/Kolkata" doc:"In which a moment without a zone is read"`
	Spans        []BackupSpan `json:"spans" nullable:"false" doc:"Oldest first"`
	Bases        int          `json:"bases" example:"7" doc:"How many base backups there are"`
	NewestBaseAt *time.Time   `json:"newestBaseAt" example:"2026-11-22T20:30:00Z" doc:"Null when there is none"`
	ArchivedAt   *time.Time   `json:"archivedAt" example:"2026-11-22T20:31:00Z" doc:"When the newest part of the log was archived; null for never"`
	Segments     int          `json:"segments" example:"10080"`
	Bytes        int64        `json:"bytes" example:"320010000" doc:"Everything stored, encrypted"`
}

// BackupSpan is a time every moment of which can be restored.
type BackupSpan struct {
	From time.Time `json:"from" example:"2026-11-16T20:30:00Z"`
	To   time.Time `json:"to" example:"2026-11-22T20:31:00Z" doc:"The first moment that can not"`
	Gap  string    `json:"gap" example:"" doc:"The missing part of the log after which it goes on; empty where it simply ends"`
}

type getBackupWindowInput struct {
	Reader
}

type restoreMomentInput struct {
	Caller
	Body struct {
		Moment   string `json:"moment" example:"2026-11-22T14:35:00+05:30" doc:"A time with a zone, or 2026-11-22 14:35 in the zone of the window"`
		Confirm  string `json:"confirm" example:"restore" doc:"The word restore: the live data of every business is replaced"`
		Identity string `json:"identity,omitempty" doc:"A private key that opens the archive, where the process that does the work has none. It is kept encrypted until the work has ended"`
	}
}

func (o *operations) getBackupWindow(ctx context.Context, in *getBackupWindowInput) (*backupAnswer[BackupWindow], error) {
	w, err := o.Platform.BackupWindow(ctx, in.principal)
	if err != nil {
		return nil, err
	}
	out := BackupWindow{Zone: w.Zone.String(), Spans: []BackupSpan{}}
	if w.Window != nil {
		out.Archived, out.Bases, out.Segments, out.Bytes = true, w.Bases, w.Segments, w.Bytes
		out.NewestBaseAt, out.ArchivedAt = known(w.Newest), known(w.Archived)
		out.Spans = each(w.Spans, func(s backup.Span) BackupSpan { return BackupSpan{From: s.From.UTC(), To: s.To.UTC(), Gap: s.Lacks} })
	}
	return &backupAnswer[BackupWindow]{Body: Record[BackupWindow]{Data: out}}, nil
}

// known is nil for a time that is not.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (o *operations) restoreMoment(ctx context.Context, in *restoreMomentInput) (*backupJobAnswer, error) {
	return o.askBackup(ctx, in.Caller, platform.BackupRequest{Verb: backup.VerbRestoreTo, Moment: in.Body.Moment, Identity: in.Body.Identity, Confirm: in.Body.Confirm})
}
