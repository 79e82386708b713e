package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/jobs"
	"payaid/internal/localstack"
)

const (
	// backupQueue holds the jobs of backups. Only processes that have PostgreSQL's
	// client programs and the role payaid_backup work it.
	backupQueue = "backup"
	// backupLimit bounds one run of the schedule.
	backupLimit = 12 * time.Hour
	// backupPartSize lets one object on S3 grow to 312 GiB, and is held in memory.
	backupPartSize = 32 << 20
)

// backupCmds are the verbs below backup.
type backupCmds struct {
	Create   backupCreateCmd   `cmd:"" help:"Make a backup; the last line is its id."`
	List     backupListCmd     `cmd:"" help:"List the backups, newest first."`
	Verify   backupVerifyCmd   `cmd:"" help:"Read a backup whole and compare it with its checksums."`
	Drill    backupDrillCmd    `cmd:"" help:"Restore a backup into a database of its own, compare it and drop it again."`
	Restore  backupRestoreCmd  `cmd:"" help:"Make a backup the live data. What was live is kept for 7 days."`
	Rollback backupRollbackCmd `cmd:"" help:"Bring back what was live before the newest restore."`
	Prune    backupPruneCmd    `cmd:"" help:"Forget the backups that are older than PAYAID_BACKUP_RETENTION_DAYS."`
	Collect  backupCollectCmd  `cmd:"" help:"Delete the files that neither the database nor a kept backup refers to."`
	Keygen   backupKeygenCmd   `cmd:"" help:"Make a key that opens backups."`

	PITR   pitrCmds         `embed:""`
	Tenant tenantBackupCmds `embed:""`
}

// openBackup returns the backup service on the servers s.
func (e *environment) openBackup(ctx context.Context, s *servers, objects blob.Store, change func(*backup.Options)) (*backup.Service, error) {
	schedule, err := backup.ParseSchedule(e.cfg.Backup.Schedule)
	if err != nil {
		return nil, fmt.Errorf("PAYAID_BACKUP_SCHEDULE: %w", err)
	}
	store, err := e.openBackupStore(ctx, "backups")
	if err != nil {
		return nil, fmt.Errorf("the place of the backups does not answer: %w", err)
	}
	wal, err := e.walOptions(ctx)
	if err != nil {
		return nil, fmt.Errorf("the place of the write-ahead log does not answer: %w", err)
	}
	o := backup.Options{
		BackupURL: s.backupURL, OwnerURL: s.ownerURL, AppURL: s.databaseURL, DrillURL: e.cfg.Backup.DrillURL,
		Store: store, WAL: wal, Objects: objects, SecretKey: s.secretKey, Recipients: e.cfg.Backup.RecipientList(), Identities: e.cfg.Backup.Identity,
		ProgramDirs: localstack.ProgramDirs(ctx), Version: version, Schedule: schedule, DatabaseDir: e.databaseDir(), RetentionDays: e.cfg.Backup.RetentionDays, Log: e.quietLogger(),
	}
	if !e.cfg.IsProduction() {
		o.KeyDir = filepath.Join(e.cfg.DataDir, "backup-keys")
	}
	change(&o)
	return backup.New(o), nil
}

// databaseDir is where the room for a second database can be looked at: beside the
// embedded server, or where the environment says. "" where nobody knows.
func (e *environment) databaseDir() string {
	if e.cfg.Backup.DatabaseDir == "" && e.cfg.DatabaseURL == "" {
		return e.cfg.DataDir
	}
	return e.cfg.Backup.DatabaseDir
}

// openBackups opens the backups for the panel, and for making them.
func (a *app) openBackups(ctx context.Context) (err error) {
	a.backups, err = a.cfg.openBackup(ctx, a.servers, a.blobs, func(o *backup.Options) {
		o.Write = a.backupWriter()
		o.Log, o.Progress = a.log, func(line string) { a.log.InfoContext(ctx, "backup: "+line) }
	})
	if err != nil {
		return err
	}
	a.desk, err = a.backups.OpenDesk()
	return err
}

// startBackups begins to do what is asked for in the panel, if this process can.
func (a *app) startBackups(ctx context.Context) {
	if !a.works {
		return
	}
	ctx, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	a.working = make(chan struct{})
	go func() {
		defer close(a.working)
		a.backups.Work(ctx)
	}()
}

// stopBackups stops what is under way: nothing half made is left, and it can be
// asked for again.
func (a *app) stopBackups() {
	if a.stop != nil {
		a.stop()
		<-a.working
	}
	if a.desk != nil {
		a.desk.Close()
	}
}

// worksBackups lets this process keep the schedule of the backups, if it can make
// any.
func (a *app) worksBackups(ctx context.Context, o *jobs.Options) {
	// The queue's leader must know every kind of job, also one that it does not work.
	jobs.AddLong(o.Workers, backupLimit, func(ctx context.Context, _ backup.Nightly) error { return a.backups.RunSchedule(ctx) })
	switch {
	case a.servers.backupURL == "":
		a.log.WarnContext(ctx, "this process makes no backups: set PAYAID_DATABASE_BACKUP_URL where they are to be made")
	case !backup.HasPrograms(localstack.ProgramDirs(ctx)):
		a.log.WarnContext(ctx, "this process makes no backups: it lacks pg_dump and pg_restore; install PostgreSQL's client programs")
	default:
		o.Queue, a.works = backupQueue, true
	}
}

// openBackupStore keeps backups, and the write-ahead log, apart from the files of the
// application: in a bucket of their own, which may have other rules, or in a directory.
func (e *environment) openBackupStore(ctx context.Context, name string) (blob.Store, error) {
	s := e.cfg.S3
	if s.Endpoint == "" {
		return blob.NewDir(filepath.Join(e.cfg.DataDir, name))
	}
	store, err := blob.NewS3(blob.S3Options{
		Endpoint: s.Endpoint, Region: s.Region, Bucket: s.Bucket + "-" + name, AccessKey: s.AccessKey, SecretKey: s.SecretKey, PartSize: backupPartSize,
	})
	if err != nil {
		return nil, err
	}
	return store, store.EnsureBucket(ctx)
}

// withBackup runs one of the verbs and tells its steps.
func (e *environment) withBackup(ctx context.Context, identity string, fn func(b *backup.Service) error) error {
	var key []byte
	if identity != "" {
		var err error
		if key, err = os.ReadFile(identity); err != nil {
			return fmt.Errorf("--identity: %w", err)
		}
	}
	s, err := e.findServers(ctx, e.quietLogger())
	if err != nil {
		return err
	}
	objects, err := e.openBlobs(ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("the object store does not answer: %w", err), s.close())
	}
	b, err := e.openBackup(ctx, s, objects, func(o *backup.Options) {
		o.Progress = func(line string) { fmt.Fprintln(e.out, line) }
		if identity != "" {
			o.Identities = string(key)
		}
	})
	if err == nil {
		err = fn(b)
	}
	return errors.Join(err, s.close())
}

type backupCreateCmd struct {
	Kind string `enum:"manual,safety,pinned" default:"manual" help:"manual (kept like scheduled ones), safety (kept for 7 days) or pinned (kept for ever)."`
}

// Run makes a backup. Its id stands alone on the last line.
func (c backupCreateCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, "", func(s *backup.Service) error {
		b, err := s.Create(ctx, backup.Kind(c.Kind))
		if err != nil {
			return err
		}
		for _, w := range b.Warnings {
			fmt.Fprintln(e.err, "payaid: warning:", w)
		}
		fmt.Fprintln(e.out, b.ID)
		return nil
	})
}

type backupListCmd struct {
	JSON bool `help:"Answer as JSON."`
}

// Run lists the catalogue.
func (c backupListCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, "", func(s *backup.Service) error {
		all, err := s.List(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return e.printBackups(all)
		}
		w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tMADE\tKIND\tBYTES\tSTATE")
		for _, b := range all {
			if b.Err != nil {
				fmt.Fprintf(w, "%s\t\t\t\tNOT TRUSTED: %v\n", b.ID, b.Err)
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", b.ID, b.StartedAt.Format(time.RFC3339), b.Kind, b.Bytes(), backupState(b))
		}
		return w.Flush()
	})
}

func (e *environment) printBackups(all []backup.Backup) error {
	type entry struct {
		backup.Backup
		Bytes    int64  `json:"bytes"`
		Verified bool   `json:"verified"`
		Proven   bool   `json:"proven"`
		Problem  string `json:"problem,omitempty"`
	}
	out := make([]entry, len(all))
	for i, b := range all {
		out[i] = entry{Backup: b, Bytes: b.Bytes(), Verified: b.Verified(), Proven: b.Proven()}
		if b.Err != nil {
			out[i].Problem = b.Err.Error()
		}
	}
	enc := json.NewEncoder(e.out)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func backupState(b backup.Backup) string {
	switch {
	case !b.Verified():
		return "DAMAGED: " + b.Verify.Problem
	case b.Proven():
		return fmt.Sprintf("restored in a drill on %s, the data in %s", b.Drill.At.Format(time.DateOnly), b.Drill.Restore.Round(time.Millisecond))
	case b.Drill != nil:
		return "NOT PROVEN: " + b.Drill.Problem
	}
	return "read back, not yet restored in a drill"
}

type backupVerifyCmd struct {
	ID uuid.UUID `arg:"" help:"Id of the backup, as list shows it."`
}

// Run reads a backup whole.
func (c backupVerifyCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, "", func(s *backup.Service) error {
		b, err := s.Verify(ctx, c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.out, "all %d bytes are as they were written\n", b.Bytes())
		return nil
	})
}

type backupDrillCmd struct {
	ID       uuid.UUID `arg:"" help:"Id of the backup, as list shows it."`
	Identity string    `help:"File with the private key of one of its recipients; PAYAID_BACKUP_IDENTITY when absent." placeholder:"FILE"`
}

// Run restores a backup into a database of its own.
func (c backupDrillCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, c.Identity, func(s *backup.Service) error {
		b, err := s.Drill(ctx, c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.out, "restored %d rows of %d tables in %s; the whole drill took %s\n",
			b.Drill.Rows, len(b.Tables), b.Drill.Restore.Round(time.Millisecond), b.Drill.Took.Round(time.Millisecond))
		return nil
	})
}

type backupPruneCmd struct{}

// Run forgets old backups.
func (backupPruneCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, "", func(s *backup.Service) error {
		gone, err := s.Prune(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.out, "forgot %d backups\n", len(gone))
		return nil
	})
}

type backupCollectCmd struct{}

// Run deletes files that are needed no more.
func (backupCollectCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, "", func(s *backup.Service) error {
		done, err := s.Collect(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.out, "deleted %d files of %d bytes; %d that nothing refers to stay until no backup can need them\n", done.Files, done.Bytes, done.Orphans)
		return nil
	})
}

type backupKeygenCmd struct {
	Out string `help:"New file for the key; standard output when absent." placeholder:"FILE"`
}

// Run makes a key. It needs no server.
func (c backupKeygenCmd) Run(e *environment) error {
	recipient, where, err := c.write(e)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.err, "Keep %s in a safe place outside this server, with the installation's PAYAID_SECRET_KEY: who has the key can read every backup, and without it none can be restored.\n"+
		"Make a second one for another place, and name both public keys in PAYAID_BACKUP_RECIPIENTS. The public key of this one is %s\n", where, recipient)
	return nil
}

// write returns the public key and where the private one is.
func (c backupKeygenCmd) write(e *environment) (recipient, where string, err error) {
	if c.Out == "" {
		recipient, err = backup.Keygen(e.out, time.Now())
		return recipient, "the lines above", err
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", "", fmt.Errorf("--out: %w", err)
	}
	recipient, err = backup.Keygen(f, time.Now())
	return recipient, c.Out, errors.Join(err, f.Sync(), f.Close())
}
