package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/backup"
	"payaid/internal/platform"
)

const backupsTag = "Backups"

// Backup is one backup of the whole installation.
type Backup struct {
	ID         uuid.UUID    `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c60"`
	Kind       string       `json:"kind" enum:"scheduled,manual,safety,pinned,pitr,safety-final" example:"scheduled" doc:"Why it was made; empty when it cannot be trusted"`
	MadeAt     time.Time    `json:"madeAt" example:"2026-11-22T20:30:00Z"`
	Bytes      int64        `json:"bytes" example:"32001" doc:"Everything stored, encrypted"`
	Pinned     bool         `json:"pinned" doc:"It is kept until somebody deletes it"`
	Verified   bool         `json:"verified" doc:"Every stored byte was as it was written when it was last read"`
	VerifiedAt time.Time    `json:"verifiedAt" example:"2026-11-22T20:31:00Z"`
	Drill      *BackupDrill `json:"drill" doc:"The latest drill; null when there was none"`
	Recipients []string     `json:"recipients" nullable:"false" doc:"Public keys; the private key of any one opens it"`
	Problem    string       `json:"problem" doc:"Why it cannot be trusted or restored; empty otherwise"`
}

// BackupDrill is what became of restoring a backup into a database of its own.
type BackupDrill struct {
	At             time.Time `json:"at" example:"2026-11-22T20:33:00Z"`
	OK             bool      `json:"ok"`
	RestoreSeconds float64   `json:"restoreSeconds" example:"12.5" doc:"How long loading the data took"`
}

func backupOf(b backup.Backup) Backup {
	out := Backup{ID: b.ID, Kind: string(b.Kind), MadeAt: b.StartedAt.UTC(), Bytes: b.Bytes(), Pinned: b.Pinned(), Verified: b.Verified(), VerifiedAt: b.VerifiedAt.UTC(), Recipients: b.Recipients}
	if out.Recipients == nil {
		out.Recipients = []string{}
	}
	if b.Verify != nil {
		out.VerifiedAt, out.Problem = b.Verify.At.UTC(), b.Verify.Problem
	}
	if b.Drill != nil {
		out.Drill = &BackupDrill{At: b.Drill.At.UTC(), OK: b.Drill.OK, RestoreSeconds: b.Drill.Restore.Seconds()}
		if out.Problem == "" {
			out.Problem = b.Drill.Problem
		}
	}
	if b.Err != nil {
		out.Problem = b.Err.Error()
	}
	return out
}

// BackupJob is work on the backups, waiting, running or ended.
type BackupJob struct {
	ID          uuid.UUID  `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c61"`
	Verb        string     `json:"verb" example:"create" doc:"create, verify, drill, restore, restore to, rollback, prune, delete, base backup or scheduled"`
	BackupID    *uuid.UUID `json:"backupId" format:"uuid" doc:"Null when it is about none, or none yet"`
	Status      string     `json:"status" enum:"queued,running,completed,failed,interrupted,cancelled" example:"running"`
	Percent     *int       `json:"percent" example:"40" doc:"Estimated from how long the last one of its verb took; null when that is not known"`
	SecondsLeft *float64   `json:"secondsLeft" example:"12" doc:"Estimated in the same way"`
	Message     string     `json:"message" doc:"Why it did not complete; empty otherwise"`
	AskedBy     string     `json:"askedBy" example:"Asha Shah" doc:"Empty for the schedule and the command line"`
	AskedAt     time.Time  `json:"askedAt" example:"2026-11-22T20:30:00Z"`
	StartedAt   *time.Time `json:"startedAt"`
	FinishedAt  *time.Time `json:"finishedAt"`
}

func backupJobOf(j backup.Job, now time.Time) BackupJob {
	out := BackupJob{ID: j.ID, Verb: string(j.Verb), Status: j.State, Message: j.Problem, AskedBy: j.By, AskedAt: j.AskedAt.UTC(), StartedAt: utc(j.StartedAt), FinishedAt: utc(j.FinishedAt)}
	if j.Backup != uuid.Nil {
		out.BackupID = &j.Backup
	}
	if left, percent, known := j.Left(now); known {
		seconds := left.Seconds()
		out.Percent, out.SecondsLeft = &percent, &seconds
	}
	return out
}

// BackupEvent is one step of a job.
type BackupEvent struct {
	ID   int64     `json:"id" example:"17" doc:"Send the last one as after to get what came later"`
	At   time.Time `json:"at" example:"2026-11-22T20:30:02Z"`
	Line string    `json:"line" example:"read back: every byte matches"`
}

// BackupPath is the part of an input that names a backup or a job of the backups.
type BackupPath struct {
	ID uuid.UUID `path:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c60"`
}

type listBackupsInput struct {
	Reader
	Paging
}

type getBackupInput struct {
	Reader
	BackupPath
}

type listBackupEventsInput struct {
	Reader
	BackupPath
	After int64 `query:"after" minimum:"0" doc:"Only steps after the one with this id" example:"17"`
	Limit int   `query:"limit" minimum:"1" maximum:"100" default:"25" doc:"The newest where there are more"`
}

type createBackupInput struct {
	Caller
	Body struct {
		Kind string `json:"kind,omitempty" enum:"manual,safety,pinned" default:"manual" doc:"manual: kept like scheduled ones; safety: kept for 7 days; pinned: kept until somebody deletes it"`
	}
}

type backupVerbInput struct {
	Caller
	BackupPath
}

type drillBackupInput struct {
	Caller
	BackupPath
	Body struct {
		Identity string `json:"identity,omitempty" doc:"A private key that opens the backup, where the process that does the work has none. It is kept encrypted until the work has ended"`
	}
}

type restoreBackupInput struct {
	Caller
	BackupPath
	Body struct {
		Confirm  string `json:"confirm" example:"restore" doc:"The word restore: the live data of every business is replaced"`
		Identity string `json:"identity,omitempty" doc:"A private key that opens the backup, where the process that does the work has none. It is kept encrypted until the work has ended"`
	}
}

type rollbackInput struct {
	Caller
	Body struct {
		Confirm string `json:"confirm" example:"roll back" doc:"The words roll back: the data from before the last restore becomes live again"`
	}
}

type backupAnswer[T any] struct {
	ETag string `header:"ETag" doc:"Changes whenever anything in it does, for If-None-Match"`
	Body Record[T]
}

type backupJobAnswer struct {
	Location string `header:"Location" doc:"The path of the job"`
	Body     Record[BackupJob]
}

// sessionOnly marks operations that no API key may do: keys belong to a business.
func sessionOnly(op huma.Operation) huma.Operation {
	op.Security = []map[string][]string{{"session": {}}}
	if op.Method != fiber.MethodGet {
		op.Security = []map[string][]string{{"session": {}, "csrfToken": {}}}
		op.DefaultStatus = fiber.StatusAccepted
	}
	return op
}

func (o *operations) backups(api huma.API) {
	get := func(path, id, summary, description string, errs ...int) huma.Operation {
		return sessionOnly(operation(fiber.MethodGet, path, id, backupsTag, summary, description, append(errs, 404)...))
	}
	post := func(path, id, summary, description string) huma.Operation {
		return sessionOnly(operation(fiber.MethodPost, path, id, backupsTag, summary, description, 404))
	}
	huma.Register(api, get("/backups", "list-backups", "List backups", `One page of the backups of the installation, newest first.`), o.listBackups)
	huma.Register(api, post("/backups", "create-backup", "Make a backup", `Asks for a backup and answers with its job. While the same is asked for already the answer is 423, so that repeating a request makes no second one.`), o.createBackup)
	huma.Register(api, get("/backups/jobs/{id}", "get-backup-job", "Read a job of the backups", `One job. Ask again until status is neither queued nor running.`), o.getBackupJob)
	huma.Register(api, get("/backups/jobs/{id}/events", "list-backup-job-events", "List the steps of a job", `Steps of a job, oldest first. To follow it, send the id of the last one as after.`), o.listBackupEvents)
	huma.Register(api, post("/backups/rollback", "rollback-restore", "Roll back the last restore", `Brings back what was live before the last restore, for 7 days after it. Everybody is signed out.`), o.rollbackRestore)
	huma.Register(api, get("/backups/window", "get-backup-window", "Read which moments can be restored", `The times every moment of which can be restored out of the archived write-ahead log.`), o.getBackupWindow)
	huma.Register(api, post("/backups/restore-to", "restore-moment", "Restore a moment", `Puts everything as it was at a moment in place of the live data of every business. What was live is kept for 7 days. Everybody is signed out.`), o.restoreMoment)
	huma.Register(api, get("/backups/{id}", "get-backup", "Read a backup", `One backup, with its proofs.`), o.getBackup)
	huma.Register(api, post("/backups/{id}/verify", "verify-backup", "Verify a backup", `Reads every stored byte and compares it with its checksums.`), o.verifyBackup)
	huma.Register(api, post("/backups/{id}/drill", "drill-backup", "Drill a backup", `Restores it into a database of its own, compares every table and drops it again.`), o.drillBackup)
	huma.Register(api, post("/backups/{id}/restore", "restore-backup", "Restore a backup", `Puts it in place of the live data of every business. What was live is kept for 7 days. Everybody is signed out.`), o.restoreBackup)
	huma.Register(api, post("/backups/{id}/tenants/{tenant}/plan", "compare-business", "Compare a business with a backup", `Asks what one business has lost since the backup and answers with the job; its id is that of the comparison. The id may also be that of an archive of the business.`), o.compareBusiness)
	huma.Register(api, get("/backups/{id}/tenants/{tenant}/plans/{plan}", "get-business-comparison", "Read a comparison", `What differs, once its job has completed, and what was restored by it.`), o.getBusinessComparison)
	huma.Register(api, post("/backups/{id}/tenants/{tenant}/apply", "restore-business", "Restore a business", `Brings back what a comparison of the last 24 hours found. Every other business stays as it is. What this one had is kept for 7 days.`), o.restoreBusiness)
}

func (o *operations) listBackups(ctx context.Context, in *listBackupsInput) (*listAnswer[Backup], error) {
	all, err := o.Platform.Backups(ctx, in.principal)
	if err != nil {
		return nil, err
	}
	var f apperr.Fields
	f.Check(in.Limit >= 1 && in.Limit <= 100, "limit", "Send a number from 1 to 100.")
	rest := all.Backups
	if in.Cursor != "" {
		before, err := uuid.Parse(in.Cursor)
		f.Check(err == nil, "cursor", "This place in the list is not known. Start again from the first page.")
		for len(rest) > 0 && rest[0].ID.String() >= before.String() {
			rest = rest[1:]
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	meta := Meta{Limit: in.Limit}
	if len(rest) > in.Limit {
		rest = rest[:in.Limit]
		meta.NextCursor = cursor(rest[in.Limit-1].ID.String())
	}
	return &listAnswer[Backup]{Body: List[Backup]{Data: each(rest, backupOf), Meta: meta}}, nil
}

func (o *operations) getBackup(ctx context.Context, in *getBackupInput) (*backupAnswer[Backup], error) {
	b, err := o.Platform.Backup(ctx, in.principal, in.ID)
	if err != nil {
		return nil, err
	}
	return &backupAnswer[Backup]{Body: Record[Backup]{Data: backupOf(b)}}, nil
}

func (o *operations) getBackupJob(ctx context.Context, in *getBackupInput) (*backupAnswer[BackupJob], error) {
	j, err := o.Platform.BackupJob(ctx, in.principal, in.ID)
	if err != nil {
		return nil, err
	}
	return &backupAnswer[BackupJob]{Body: Record[BackupJob]{Data: backupJobOf(j, o.Now())}}, nil
}

func (o *operations) listBackupEvents(ctx context.Context, in *listBackupEventsInput) (*listAnswer[BackupEvent], error) {
	var f apperr.Fields
	f.Check(in.Limit >= 1 && in.Limit <= 100, "limit", "Send a number from 1 to 100.")
	f.Check(in.After >= 0, "after", "Send the id of a step, or nothing.")
	if err := f.Err(); err != nil {
		return nil, err
	}
	events, err := o.Platform.BackupEvents(ctx, in.principal, in.ID, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	list := each(events, func(e backup.Event) BackupEvent { return BackupEvent{ID: e.ID, At: e.At.UTC(), Line: e.Line} })
	return &listAnswer[BackupEvent]{Body: List[BackupEvent]{Data: list, Meta: Meta{Limit: in.Limit}}}, nil
}

func (o *operations) createBackup(ctx context.Context, in *createBackupInput) (*backupJobAnswer, error) {
	kind := backup.Kind(in.Body.Kind)
	if kind == "" {
		kind = backup.Manual
	}
	return o.askBackup(ctx, in.Caller, platform.BackupRequest{Verb: backup.VerbCreate, Kind: kind})
}

func (o *operations) verifyBackup(ctx context.Context, in *backupVerbInput) (*backupJobAnswer, error) {
	return o.askBackup(ctx, in.Caller, platform.BackupRequest{Verb: backup.VerbVerify, Backup: in.ID})
}

func (o *operations) drillBackup(ctx context.Context, in *drillBackupInput) (*backupJobAnswer, error) {
	return o.askBackup(ctx, in.Caller, platform.BackupRequest{Verb: backup.VerbDrill, Backup: in.ID, Identity: in.Body.Identity})
}

func (o *operations) restoreBackup(ctx context.Context, in *restoreBackupInput) (*backupJobAnswer, error) {
	return o.askBackup(ctx, in.Caller, platform.BackupRequest{Verb: backup.VerbRestore, Backup: in.ID, Identity: in.Body.Identity, Confirm: in.Body.Confirm})
}

func (o *operations) rollbackRestore(ctx context.Context, in *rollbackInput) (*backupJobAnswer, error) {
	return o.askBackup(ctx, in.Caller, platform.BackupRequest{Verb: backup.VerbRollback, Confirm: in.Body.Confirm})
}

func (o *operations) askBackup(ctx context.Context, who Caller, r platform.BackupRequest) (*backupJobAnswer, error) {
	id, err := o.Platform.AskBackup(ctx, who.principal, r)
	if err != nil {
		return nil, err
	}
	return o.backupJob(ctx, who, id)
}
