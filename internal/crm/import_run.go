package crm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/jobs"
)

// A chunk of rows is saved in one transaction.
const (
	chunkRows  = 500
	chunkBytes = 1 << 20
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

// errStop ends an import for good, with a sentence for the user.
type errStop string

func (e errStop) Error() string { return string(e) }

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
	run := &importRun{s: s, row: row, line: row.Line, report: report, seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
	err = run.work(ctx, args)
	stop, stopped := errors.AsType[errStop](err)
	switch {
	case err == nil:
		if err := run.tellEnd(ctx, args, ""); err != nil {
			return err
		}
		return report.Complete(ctx, "")
	case stopped:
		if err := run.tellEnd(ctx, args, string(stop)); err != nil {
			return err
		}
		return report.Fail(ctx, string(stop)+" "+run.rowsBefore())
	case errors.Is(ctx.Err(), context.Canceled):
		return jobs.ErrMore // the process is going down: another one goes on
	case last && !errors.Is(err, jobs.ErrMore):
		// The run's own time may be over, and the user must learn of it all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		const ours = "The import stopped because of a problem on our side."
		return errors.Join(err, run.tellEnd(ctx, args, "there was a problem on our side."), report.Fail(ctx, ours+" "+run.rowsBefore()))
	}
	return err
}

// importRun is one run of the job. It is for one goroutine.
type importRun struct {
	s      *Service
	row    db.GetImportRow
	p      auth.Principal
	line   int64 // the last one whose outcome is committed
	report *jobs.Reporter
	rows   *csvRows
	reader *rowReader

	// seen holds a hash of each e-mail that a dry run would have made a contact
	// for, since no table does. With a million of them, two share a hash once in
	// ten million files.
	seen map[uint64]struct{}
	seed maphash.Seed
}

// rowsBefore tells what became of the rows before a stop.
func (r *importRun) rowsBefore() string {
	switch {
	case r.line == 0:
		return "No row was imported."
	case r.row.DryRun:
		return fmt.Sprintf("The rows up to line %d were checked.", r.line)
	}
	return fmt.Sprintf("The rows up to line %d are in; a new import of the same file skips those with an e-mail.", r.line)
}

func (r *importRun) work(ctx context.Context, args ImportArgs) error {
	started := r.s.now()
	if err := r.open(ctx, args); err != nil {
		return err
	}
	if err := r.report.Running(ctx); err != nil {
		return err
	}
	file, _, err := r.s.blobs.Get(ctx, r.row.BlobKey)
	if err != nil {
		return fileError(err)
	}
	defer func() { _ = file.Close() }() // only read
	var mapping ImportMapping
	if err := json.Unmarshal(r.row.Mapping, &mapping); err != nil {
		return fmt.Errorf("read the mapping: %w", err)
	}
	r.reader = newRowReader(r.p, mapping.Columns)
	if r.rows, err = newCSVRows(file, mapping.CSVFormat); err != nil {
		return fileError(err)
	}
	for {
		rows, end := r.nextChunk(ctx)
		if err := r.save(ctx, rows); err != nil {
			return err
		}
		if err := r.report.Report(ctx, min(r.rows.bytesRead(), r.row.Total), r.row.Total); err != nil {
			return err
		}
		switch {
		case errors.Is(end, io.EOF):
			return nil
		case end != nil:
			return fileError(end)
		case r.s.now().Sub(started) > jobs.SliceLimit:
			return jobs.ErrMore
		}
	}
}

// open finds the principal for whom the rows are written.
func (r *importRun) open(ctx context.Context, args ImportArgs) error {
	p, err := r.s.auth.ByActor(ctx, args.TenantID, args.ActorKind, args.ActorID)
	if apperr.Is(err, apperr.Unauthorized) {
		return errStop(apperr.From(err).Message)
	}
	if err != nil {
		return err
	}
	if err := p.Require(auth.ContactsWrite); err != nil {
		return errStop("Whoever started this import may not change contacts any more.")
	}
	r.p = p
	return nil
}

// nextChunk returns the next rows that are not committed yet, together with what
// ended the file, if anything did.
func (r *importRun) nextChunk(ctx context.Context) ([]importRow, error) {
	var chunk []importRow
	var size int64
	for len(chunk) < chunkRows && size < chunkBytes {
		if err := ctx.Err(); err != nil {
			return chunk, err
		}
		raw, err := r.rows.read()
		if err != nil {
			return chunk, err
		}
		committed := raw.line <= r.row.Line
		if raw.blank() || committed && !r.row.DryRun {
			continue
		}
		row := r.reader.read(raw)
		if committed {
			r.see(row)
			continue
		}
		chunk = append(chunk, row)
		size += raw.size
	}
	return chunk, nil
}

func (r *importRun) see(row importRow) {
	if r.row.DryRun && len(row.problems) == 0 && row.input.Email != "" {
		r.seen[maphash.String(r.seed, row.input.Email)] = struct{}{}
	}
}

func (r *importRun) saw(email string) bool {
	_, ok := r.seen[maphash.String(r.seed, email)]
	return ok
}

// fileError says what is wrong with the file; other errors are returned as they
// are.
func fileError(err error) error {
	if broken, ok := errors.AsType[*brokenCSV](err); ok {
		return errStop(fmt.Sprintf("The file cannot be read from line %d on: %s. Correct it there and import it again.", broken.line, broken.reason))
	}
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return errStop("The uploaded file is no longer there. Please upload it again.")
	case errors.Is(err, blob.ErrDamaged):
		return errStop("The uploaded file was damaged in storage. Please upload it again.")
	}
	return fmt.Errorf("read the uploaded file: %w", err)
}
