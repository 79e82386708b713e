package backup

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/blob"
	"payaid/internal/walarchive"
)

const (
	// ArchiveDays is for how long back a moment can be restored, unless WALOptions say
	// otherwise.
	ArchiveDays = 7
	// baseEvery is how old the newest base backup may be: from it the log is replayed.
	baseEvery = 24 * time.Hour
	// archiveLag is how old the newest segment may be; one comes each minute.
	archiveLag = 10 * time.Minute
	// archiveBase is how old the newest base backup may be before it is told.
	archiveBase = 3 * baseEvery
	// maintenanceDatabase is where the server itself is asked: no restore swaps it.
	maintenanceDatabase = "postgres"
)

var (
	// ErrArchive tells that the write-ahead log cannot be archived before something is
	// mended.
	ErrArchive = walarchive.ErrRefused
	// ErrArchiveDamaged tells that what was archived is not what was written.
	ErrArchiveDamaged = walarchive.ErrDamaged
)

// Window is what can be recovered.
type Window = walarchive.Window

// Span is a time of it without a gap.
type Span = walarchive.Span

// WALOptions say where the write-ahead log is archived.
type WALOptions struct {
	// Store holds nothing else. With one the schedule makes base backups, and it is told
	// when the log is not archived; nil where it is not to be.
	Store blob.Store
	Days  int    // for how long back a moment can be restored; ArchiveDays when 0
	Dir   string // where the log is received and servers are recovered
	// Unprivileged lets a server run as somebody who is not root; nil where this process
	// is not root.
	Unprivileged func(dir string, cmd *exec.Cmd) error
}

// walArchive returns the archive, or ErrRefused where there is none.
func (s *Service) walArchive() (*walarchive.Archive, error) {
	if s.o.WAL.Store == nil {
		return nil, fmt.Errorf("%w: the write-ahead log is not archived here: set PAYAID_BACKUP_PITR=true (docs/backup.md)", ErrRefused)
	}
	return walarchive.New(walarchive.Options{
		Store: s.o.WAL.Store, Seal: sealer{s}, Dir: s.o.WAL.Dir, Unprivileged: s.o.WAL.Unprivileged, Log: s.o.Log, Now: s.o.Now,
		Find: func(ctx context.Context, name string, major int) (string, error) {
			p, err := findProgram(ctx, s.o.ProgramDirs, name, major)
			return p.path, err
		},
	}), nil
}

// walServer asks the server of the live database as payaid_backup.
func (s *Service) walServer(ctx context.Context) (walarchive.Server, error) {
	if s.o.BackupURL == "" {
		return walarchive.Server{}, fmt.Errorf("%w: PAYAID_DATABASE_BACKUP_URL is needed: the write-ahead log is read as the role payaid_backup", ErrRefused)
	}
	url, err := withDatabase(s.o.BackupURL, maintenanceDatabase)
	if err != nil {
		return walarchive.Server{}, err
	}
	address, password, err := forPrograms(url)
	if err != nil {
		return walarchive.Server{}, err
	}
	return walarchive.Identify(ctx, url, address, password)
}

// ReceiveWAL archives the write-ahead log of the server until ctx ends. finish is how
// often the segment that is being written is finished; a minute when 0.
func (s *Service) ReceiveWAL(ctx context.Context, finish time.Duration) error {
	a, err := s.walArchive()
	if err != nil {
		return err
	}
	server, err := s.walServer(ctx)
	if err != nil {
		return err
	}
	return a.Receive(ctx, server, finish)
}

// TakeBase makes a base backup of the server and forgets what no moment needs that
// can still be asked for.
func (s *Service) TakeBase(ctx context.Context) (walarchive.Base, error) {
	j, err := s.begin(ctx, "base backup", "")
	if err != nil {
		return walarchive.Base{}, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	b, err := s.takeBase(ctx, j)
	err = ended(ctx, err)
	j.end(ctx, uuid.Nil, err)
	return b, err
}

func (s *Service) takeBase(ctx context.Context, j *job) (walarchive.Base, error) {
	a, err := s.walArchive()
	if err != nil {
		return walarchive.Base{}, err
	}
	server, err := s.walServer(ctx)
	if err != nil {
		return walarchive.Base{}, err
	}
	b, err := a.TakeBase(ctx, server)
	if err != nil {
		return b, err
	}
	if err := j.say(ctx, "stored all files of the server, %d bytes of %d, and read them back", b.Size, b.Bytes); err != nil {
		return b, err
	}
	gone, err := a.Prune(ctx, s.now().AddDate(0, 0, -s.archiveDays()))
	if err == nil && gone > 0 {
		err = j.say(ctx, "forgot %d base backups and segments of the write-ahead log", gone)
	}
	return b, err
}

func (s *Service) archiveDays() int {
	if s.o.WAL.Days > 0 {
		return s.o.WAL.Days
	}
	return ArchiveDays
}

// keepArchive makes a base backup when the newest is a day old, or when the log has a
// gap behind it.
func (s *Service) keepArchive(ctx context.Context) error {
	if s.o.WAL.Store == nil {
		return nil
	}
	w, err := s.Window(ctx)
	if err != nil {
		return err
	}
	gap := w.Lacks != "" || len(w.Spans) > 0 && w.Spans[len(w.Spans)-1].Lacks != "" && !w.Newest.After(w.Spans[len(w.Spans)-1].To)
	if s.now().Sub(w.Newest) < baseEvery && !gap {
		return nil
	}
	if failed, err := s.baseFailed(ctx); err != nil || failed {
		return err
	}
	_, err = s.TakeBase(ctx)
	if errors.Is(err, ErrBusy) {
		return nil // asked again in a few minutes
	}
	return err
}

// baseFailed reports whether a base backup was tried so lately that the next one waits.
func (s *Service) baseFailed(ctx context.Context) (lately bool, err error) {
	conn, err := s.openOps(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM job WHERE verb = 'base backup' AND state IN ('failed', 'interrupted') AND started_at > $1)", s.now().Add(-retryAfter)).Scan(&lately)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, fmt.Errorf("look for earlier base backups: %w", err)
	}
	return lately, nil
}

// Window tells which moments can be restored.
func (s *Service) Window(ctx context.Context) (Window, error) {
	a, err := s.walArchive()
	if err != nil {
		return Window{}, err
	}
	return a.Window(ctx)
}

// archiveReaches is the first moment that can be restored: files that were referred to
// then stay. Without an archive it is now.
func (s *Service) archiveReaches(ctx context.Context) (time.Time, error) {
	if s.o.WAL.Store == nil {
		return s.now(), nil
	}
	w, err := s.Window(ctx)
	if err != nil || len(w.Spans) == 0 {
		return s.now(), err
	}
	return w.Spans[0].From, nil
}

// judgeArchive is what is wrong with the archive, nil for nothing or where there is to
// be none.
func (s *Service) judgeArchive(ctx context.Context) *Wrong {
	if s.o.WAL.Store == nil {
		return nil
	}
	wrong := func(since time.Time, says string) *Wrong { return &Wrong{Kind: WrongArchive, Since: since, Says: says} }
	show := func(t time.Time) string { return t.In(s.zone()).Format("2 January 2006, 15:04 MST") }
	now := s.now()
	w, err := s.Window(ctx)
	switch {
	case err != nil:
		return wrong(now, "The archive of the write-ahead log cannot be read: "+err.Error())
	case len(w.Untrusted) > 0:
		return wrong(now, "A base backup of the write-ahead log cannot be trusted: "+w.Untrusted[0])
	case w.Archived.IsZero():
		return wrong(now, "The write-ahead log is not archived: point in time is on, but nothing has been received.")
	case now.Sub(w.Archived) > archiveLag:
		return wrong(w.Archived.Add(archiveLag), "The write-ahead log is not archived any more: the newest part of it came "+show(w.Archived)+".")
	case w.Bases > 0 && now.Sub(w.Newest) > archiveBase:
		return wrong(w.Newest.Add(archiveBase), "The newest base backup of the write-ahead log is of "+show(w.Newest)+".")
	}
	return nil
}

// Zone is that of the schedule as it is now, in which people name moments.
func (s *Service) Zone(ctx context.Context) (*time.Location, error) {
	own, err := s.configured(ctx)
	if err != nil {
		return nil, err
	}
	return own.zone(), nil
}

func (s *Service) zone() *time.Location {
	if s.o.Schedule.zone != nil {
		return s.o.Schedule.zone
	}
	return time.UTC
}
