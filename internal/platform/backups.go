package platform

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/backup"
	"payaid/internal/change"
)

// What an administrator types before the live data is replaced.
const (
	ConfirmRestore  = "restore"
	ConfirmRollback = "roll back"
)

const (
	// backupPage is how many jobs a page of the history holds.
	backupPage = 20
	// recentRestores is among how many restores the last one is looked for that did
	// not fail.
	recentRestores = 20
)

// UseBackups makes the backups a part of the administration. Without it they are
// unavailable.
func (s *Service) UseBackups(d *backup.Desk) { s.backups = d }

// desk returns where backups are asked for, to platform administrators.
func (s *Service) desk(p auth.Principal) (*backup.Desk, error) {
	if err := require(p); err != nil {
		return nil, err
	}
	if s.backups == nil {
		return nil, apperr.New(apperr.Unavailable, "This process does not know where the backups are.")
	}
	return s.backups, nil
}

// Backups is what the page of the backups shows.
type Backups struct {
	Backups    []backup.Backup // newest first
	Health     backup.Health
	Open       []backup.Job // that wait or run
	Recipients []string     // public keys that open new backups; nil when this process does not know them
	Settings   BackupSettings
	// Window tells which moments can be restored; nil where the write-ahead log is not
	// archived.
	Window *backup.Window
	// Undo is the last restore while it can be rolled back; nil otherwise.
	Undo *backup.Restored
}

// BackupSettings are when backups are made and how long they are kept.
type BackupSettings struct {
	Now, Environment backup.Settings
	Chosen           *backup.Chosen // who put Now in place of Environment; nil for nobody
}

// Backups lists every backup, and how well they are.
func (s *Service) Backups(ctx context.Context, p auth.Principal) (Backups, error) {
	d, err := s.desk(p)
	if err != nil {
		return Backups{}, err
	}
	out := Backups{Recipients: d.Recipients()}
	if out.Backups, err = d.List(ctx); err != nil {
		return out, explainBackup(err)
	}
	if out.Health, err = d.Health(ctx); err != nil {
		return out, explainBackup(err)
	}
	if out.Open, err = d.Open(ctx); err != nil {
		return out, explainBackup(err)
	}
	if out.Window, err = d.Window(ctx); err != nil {
		return out, explainBackup(err)
	}
	if out.Settings, err = s.BackupSettings(ctx, p); err != nil {
		return out, err
	}
	out.Undo, err = s.undo(ctx, d)
	return out, explainBackup(err)
}

// UndoableRestore is the last restore while it can be rolled back, else NotFound.
func (s *Service) UndoableRestore(ctx context.Context, p auth.Principal) (backup.Restored, error) {
	d, err := s.desk(p)
	if err != nil {
		return backup.Restored{}, err
	}
	r, err := s.undo(ctx, d)
	if err != nil {
		return backup.Restored{}, explainBackup(err)
	}
	if r == nil {
		return backup.Restored{}, apperr.New(apperr.NotFound, "There is no restore to go back from.")
	}
	return *r, nil
}

// undo is the last restore, if there is a way back from it.
func (s *Service) undo(ctx context.Context, d *backup.Desk) (*backup.Restored, error) {
	all, err := d.Restores(ctx, recentRestores)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(r backup.Restored) bool { return r.State == backup.StateDone || r.State == backup.StateUndone })
	if i < 0 {
		return nil, nil
	}
	r := all[i]
	if r.State != backup.StateDone || r.RollbackUntil == nil || !s.write.Now().Before(*r.RollbackUntil) {
		return nil, nil
	}
	return &r, nil
}

// Backup returns one backup, also one that cannot be trusted.
func (s *Service) Backup(ctx context.Context, p auth.Principal, id uuid.UUID) (backup.Backup, error) {
	d, err := s.desk(p)
	if err != nil {
		return backup.Backup{}, err
	}
	b, err := d.Get(ctx, id)
	if errors.Is(err, backup.ErrForged) {
		b.ID, b.Err = id, err
		return b, nil
	}
	return b, explainBackup(err)
}

// BackupRequest is what is to be done with the backups.
type BackupRequest struct {
	Verb     backup.Verb
	Backup   uuid.UUID
	Kind     backup.Kind // of create: manual, safety or pinned
	Identity string      // a private key for a drill or restore; "" for the one that the installation has
	Moment   string      // of restore to: 2026-11-22 14:35, in the zone of the schedule
	Confirm  string      // ConfirmRestore or ConfirmRollback, typed by the administrator
}

// check refuses what no worker has to look at.
func (r BackupRequest) check() error {
	var f apperr.Fields
	switch r.Verb {
	case backup.VerbCreate:
		kinds := []backup.Kind{backup.Manual, backup.Safety, backup.Pinned}
		f.Check(slices.Contains(kinds, r.Kind), "kind", "Choose how long the backup is kept: manual, safety or pinned.")
	case backup.VerbRestore:
		f.Check(strings.TrimSpace(r.Confirm) == ConfirmRestore, "confirm", "Type "+ConfirmRestore+" to put this backup in place of the live data.")
	case backup.VerbRestoreTo:
		f.Check(strings.TrimSpace(r.Confirm) == ConfirmRestore, "confirm", "Type "+ConfirmRestore+" to put everything as it was then in place of the live data.")
		f.Check(strings.TrimSpace(r.Moment) != "", "moment", "Give the moment, such as 2026-11-22 14:35.")
	case backup.VerbRollback:
		f.Check(strings.TrimSpace(r.Confirm) == ConfirmRollback, "confirm", "Type "+ConfirmRollback+" to go back to the data from before the restore.")
	}
	f.Check(len(r.Identity) <= 16<<10, "identity", "This is too long for a key.")
	return f.Err()
}

// AskBackup has a process that may do so work on the backups, and returns the id of
// the job that it becomes.
func (s *Service) AskBackup(ctx context.Context, p auth.Principal, in BackupRequest) (uuid.UUID, error) {
	d, err := s.desk(p)
	if err != nil {
		return uuid.Nil, err
	}
	if err := in.check(); err != nil {
		return uuid.Nil, err
	}
	r := backup.Request{Verb: in.Verb, Backup: in.Backup, Kind: in.Kind, By: p.Name, Identity: strings.TrimSpace(in.Identity)}
	after := map[string]any{"ownKey": r.Identity != ""}
	if in.Verb == backup.VerbRestoreTo {
		if r.To, err = checkMoment(ctx, d, in.Moment); err != nil {
			return uuid.Nil, err
		}
		after["to"] = r.To
	}
	if in.Kind != "" {
		after["kind"] = in.Kind
	}
	if in.Backup != uuid.Nil {
		after["backup"] = in.Backup
	}
	return s.act(ctx, p, "backup."+string(in.Verb), in.Backup, after, func(ctx context.Context) (uuid.UUID, error) { return d.Ask(ctx, r) })
}

// act does something to the backups and notes it in the installation's audit log.
func (s *Service) act(ctx context.Context, p auth.Principal, action string, id uuid.UUID, after any, do func(context.Context) (uuid.UUID, error)) (uuid.UUID, error) {
	out, err := change.Do(ctx, s.write, actorIn(p, uuid.Nil), action, nil, func(ctx context.Context, tx *change.Tx) (uuid.UUID, error) {
		if err := tx.Record(ctx, change.Event{Action: action, Entity: "backup", EntityID: id, After: after, Note: true}); err != nil {
			return uuid.Nil, err
		}
		return do(ctx)
	})
	return out, explainBackup(err)
}

// StopBackupJob ends a job that waits, or asks a running one to stop.
func (s *Service) StopBackupJob(ctx context.Context, p auth.Principal, id uuid.UUID) error {
	d, err := s.desk(p)
	if err != nil {
		return err
	}
	_, err = s.act(ctx, p, "backup.stop", id, nil, func(ctx context.Context) (uuid.UUID, error) { return id, d.Stop(ctx, id, p.Name) })
	return err
}

// PinBackup keeps a backup until somebody deletes it, or lets it be forgotten in
// its time.
func (s *Service) PinBackup(ctx context.Context, p auth.Principal, id uuid.UUID, pinned bool) error {
	d, err := s.desk(p)
	if err != nil {
		return err
	}
	action := "backup.unpin"
	if pinned {
		action = "backup.pin"
	}
	_, err = s.act(ctx, p, action, id, nil, func(ctx context.Context) (uuid.UUID, error) { return id, d.SetPinned(ctx, id, pinned, p.Name) })
	return err
}

// SendBackup returns the name of the file and how to write one backup, encrypted as
// it is. That it is about to leave is noted first.
func (s *Service) SendBackup(ctx context.Context, p auth.Principal, id uuid.UUID) (name string, write func(context.Context, io.Writer) error, err error) {
	d, err := s.desk(p)
	if err != nil {
		return "", nil, err
	}
	b, err := d.Get(ctx, id)
	if err != nil {
		return "", nil, explainBackup(err)
	}
	if _, err := s.act(ctx, p, "backup.download", id, nil, func(context.Context) (uuid.UUID, error) { return id, nil }); err != nil {
		return "", nil, err
	}
	return b.FileName(), func(ctx context.Context, w io.Writer) error { return d.Send(ctx, id, w) }, nil
}

// ReceiveBackup keeps a backup that was downloaded before. It is listed only when
// all of it is as this installation wrote it.
func (s *Service) ReceiveBackup(ctx context.Context, p auth.Principal, r io.Reader) (backup.Backup, error) {
	d, err := s.desk(p)
	if err != nil {
		return backup.Backup{}, err
	}
	b, err := d.Receive(ctx, r)
	if err != nil {
		return b, explainBackup(err)
	}
	// After the fact: a transaction must not wait for somebody's line.
	_, err = s.act(ctx, p, "backup.upload", b.ID, nil, func(context.Context) (uuid.UUID, error) { return b.ID, nil })
	return b, err
}

// explainBackup turns what a person can do something about into a sentence.
func explainBackup(err error) error {
	var f apperr.Fields
	switch {
	case err == nil:
		return nil
	case errors.Is(err, backup.ErrOpen):
		return apperr.Wrap(err, apperr.Locked, "This is asked for already and has not ended. Follow it, or stop it first.")
	case errors.Is(err, backup.ErrBusy):
		return apperr.Wrap(err, apperr.Locked, "Somebody else is at it right now. Try again when they have ended.")
	case errors.Is(err, backup.ErrEnded):
		return apperr.Wrap(err, apperr.BusinessRule, "The job has ended meanwhile, so there is nothing to stop.")
	case errors.Is(err, backup.ErrNotFound):
		return apperr.Wrap(err, apperr.NotFound, "This backup or job does not exist any more.")
	case errors.Is(err, backup.ErrUpload): // before what it wraps
		f.Add("file", sentenceOf(err))
		return f.Err()
	case errors.Is(err, backup.ErrForged):
		return apperr.Wrap(err, apperr.BusinessRule, "This backup cannot be trusted: %s.", err)
	case errors.Is(err, backup.ErrWrongKey):
		f.Add("identity", sentenceOf(err))
		return f.Err()
	case errors.Is(err, backup.ErrRefused):
		return apperr.Wrap(err, apperr.BusinessRule, "%s", sentenceOf(err))
	case backup.NoHistory(err):
		return apperr.Wrap(err, apperr.Unavailable, "The history of the backups is not there yet: run payaid migrate up, or wait until the process that makes backups has started.")
	}
	return err
}

// sentenceOf is an error's text as a sentence.
func sentenceOf(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
