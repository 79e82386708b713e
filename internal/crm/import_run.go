package crm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/jobs"
	"payaid/internal/sheet"
)

// A chunk of rows is saved in one transaction.
const (
	chunkRows  = 2_000
	chunkBytes = 4 << 20
	// stagingShare is the part of an import, one in so many, that the reading of its
	// file takes.
	stagingShare = 5
)

// ImportArgs are the arguments of the job that reads an import's file.
type ImportArgs struct {
	TenantID  uuid.UUID `json:"tenantId"`
	ImportID  uuid.UUID `json:"importId"`
	ActorKind string    `json:"actorKind"` // who started it: change.ActorUser or change.ActorAPIKey
	ActorID   uuid.UUID `json:"actorId"`
}

// Kind implements river.JobArgs.
func (ImportArgs) Kind() string { return "import.run" }

// Progress implements jobs.Tracked.
func (a ImportArgs) Progress() (tenant, id uuid.UUID) { return a.TenantID, a.ImportID }

// RunImport works one import, with the rights that whoever started it has now. It
// goes on behind the last committed row, so that it may be killed and called
// again at any time. It returns jobs.ErrMore when there is more to do. What
// cannot be helped by trying again is told in the import's message; any other
// error is returned, and told there too when last says that nobody will try again.
func (s *Service) RunImport(ctx context.Context, args ImportArgs, last bool) error {
	row, err := s.db.Tenant(args.TenantID).GetImport(ctx, db.GetImportParams{TenantID: args.TenantID, ID: args.ImportID})
	if err != nil {
		return fmt.Errorf("get import %s: %w", args.ImportID, err)
	}
	if row.FinishedAt != nil {
		return nil
	}
	report := jobs.NewReporter(s.db, s.now, args.TenantID, args.ImportID)
	run := &importRun{s: s, row: row, started: s.now(), report: report, seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
	return report.Finish(ctx, run.work(ctx, args), jobs.Ending{
		Last: last, Ours: "There was a problem on our side.",
		Tell: func(ctx context.Context, problem string) (message string, err error) {
			if problem != "" {
				message = problem + " " + run.rowsBefore()
			}
			return message, run.end(ctx, args, problem)
		},
	})
}

// importRun is one run of the job. It is for one goroutine.
type importRun struct {
	s       *Service
	row     db.GetImportRow // Line and the staged figures move on with what is committed
	entity  importEntity
	mapping ImportMapping
	p       auth.Principal
	started time.Time
	report  *jobs.Reporter
	reader  *rowReader

	// seen holds a hash of each key that a dry run would have made a record for, since
	// no table does. With a million of them, two share a hash once in ten million
	// files.
	seen map[uint64]struct{}
	seed maphash.Seed
}

// rowsBefore tells what became of the rows before a stop.
func (r *importRun) rowsBefore() string {
	switch {
	case r.row.Line == 0:
		return "No row was imported."
	case r.row.DryRun:
		return fmt.Sprintf("The rows up to line %d were checked.", r.row.Line)
	}
	return fmt.Sprintf("The rows up to line %d are in; you can undo this import.", r.row.Line)
}

// work goes through both phases: the file into the staging table, and from there
// into the records.
func (r *importRun) work(ctx context.Context, args ImportArgs) error {
	if err := r.open(ctx, args); err != nil {
		return err
	}
	if err := r.report.Running(ctx); err != nil {
		return err
	}
	if !r.row.AllStaged {
		if err := r.stage(ctx); err != nil {
			return err
		}
	}
	if err := r.recall(ctx); err != nil {
		return err
	}
	for {
		rows, err := r.nextChunk(ctx, r.row.Line)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return r.allSaved(ctx)
		}
		if err := r.save(ctx, rows); err != nil {
			return err
		}
		if err := r.report.Report(ctx, r.progress(), r.row.Total); err != nil {
			return err
		}
		if err := r.yield(); err != nil {
			return err
		}
	}
}

// allSaved asks for another run when staged rows were swept away while nobody
// worked the import: the file is read again.
func (r *importRun) allSaved(ctx context.Context) error {
	if r.done() >= r.row.Staged {
		return r.report.Report(ctx, r.row.Total, r.row.Total)
	}
	return errors.Join(r.dropStaged(ctx), jobs.ErrMore)
}

func (r *importRun) dropStaged(ctx context.Context) error {
	err := r.s.db.Tenant(r.row.TenantID).DropStagedRows(ctx, db.DropStagedRowsParams{TenantID: r.row.TenantID, ID: r.row.ID})
	return wrap(err, "drop staged rows")
}

// done is how many rows have an outcome.
func (r *importRun) done() int64 {
	return r.row.Created + r.row.Updated + r.row.Skipped + r.row.Failed
}

// progress is how much of the work is done, in the file's bytes.
func (r *importRun) progress() int64 {
	staging := r.row.Total / stagingShare
	return staging + (r.row.Total-staging)*min(r.done(), r.row.Staged)/max(r.row.Staged, 1)
}

// yield gives way to other jobs when this one has worked for long.
func (r *importRun) yield() error {
	if r.s.now().Sub(r.started) > jobs.SliceLimit {
		return jobs.ErrMore
	}
	return nil
}

// open finds the principal for whom the rows are written, and how to read them.
func (r *importRun) open(ctx context.Context, args ImportArgs) error {
	if r.entity = importEntities[r.row.Entity]; r.entity == nil {
		return fmt.Errorf("import %s brings in %q, which nobody knows", r.row.ID, r.row.Entity)
	}
	write, _ := r.entity.rights()
	p, err := r.s.starter(ctx, args, write)
	if err != nil {
		return err
	}
	r.p = p
	if err := json.Unmarshal(r.row.Mapping, &r.mapping); err != nil {
		return fmt.Errorf("read the mapping: %w", err)
	}
	r.reader = newRowReader(p, r.entity, r.mapping.Columns)
	return nil
}

// starter is whoever started a job, with the rights of now.
func (s *Service) starter(ctx context.Context, args ImportArgs, right auth.Right) (auth.Principal, error) {
	p, err := s.auth.ByActor(ctx, args.TenantID, args.ActorKind, args.ActorID)
	if apperr.Is(err, apperr.Unauthorized) {
		return p, jobs.Stop(apperr.From(err).Message)
	}
	if err != nil {
		return p, err
	}
	if err := p.Require(right); err != nil {
		return p, jobs.Stop("Whoever started this may not change these records any more.")
	}
	return p, nil
}

// recall goes once more through the rows that an earlier run of a dry run has
// dealt with.
func (r *importRun) recall(ctx context.Context) error {
	for after := int64(0); r.row.DryRun && after < r.row.Line; {
		rows, err := r.nextChunk(ctx, after)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if row.line <= r.row.Line {
				r.see(row)
			}
		}
		after = rows[len(rows)-1].line
	}
	return nil
}

func (r *importRun) see(row importRow) {
	if !r.row.DryRun || len(row.problems) > 0 {
		return
	}
	for _, key := range row.keys {
		r.seen[maphash.String(r.seed, key)] = struct{}{}
	}
}

func (r *importRun) saw(key string) bool {
	_, ok := r.seen[maphash.String(r.seed, key)]
	return ok
}

// end takes the staged rows away and tells whoever started the import.
func (r *importRun) end(ctx context.Context, args ImportArgs, problem string) error {
	return errors.Join(r.dropStaged(ctx), r.tellEnd(ctx, args, problem))
}

// fileError says what is wrong with the file; other errors are returned as they
// are.
func fileError(err error) error {
	if says, ok := errors.AsType[sheet.Unreadable](err); ok {
		return jobs.Stop(says)
	}
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return jobs.Stop("The uploaded file is no longer there. Please upload it again.")
	case errors.Is(err, blob.ErrDamaged):
		return jobs.Stop("The uploaded file was damaged in storage. Please upload it again.")
	}
	return fmt.Errorf("read the uploaded file: %w", err)
}
