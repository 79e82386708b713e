package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/cache"
	"payaid/internal/change"
)

// TenantMode says what a restore of one tenant does with rows that are still there.
type TenantMode string

// The modes.
const (
	// BringBack inserts what is gone and takes out of the trash what was put there.
	// Everything that was entered since stays.
	BringBack TenantMode = "bring-back"
	// AsItWas gives changed rows their former values, too, and puts rows that are new
	// since into the trash where there is one. Nothing is deleted.
	AsItWas TenantMode = "as-it-was"
)

// TenantRestore is what to do with a plan.
type TenantRestore struct {
	Plan   uuid.UUID
	Mode   TenantMode
	Tables []string     // all that can be restored when empty
	Actor  change.Actor // who asked; the tenant is the plan's
}

// TenantReport tells what a restore of one tenant did.
type TenantReport struct {
	Plan    uuid.UUID     `json:"plan"`
	Undo    uuid.UUID     `json:"undo"` // archive of the tenant as it was right before
	Mode    TenantMode    `json:"mode"`
	At      time.Time     `json:"at"`
	Tables  []TableResult `json:"tables"`
	Clashes []Clash       `json:"clashes"` // the first of them
	// MissingFiles are keys of files that restored rows refer to and nobody has: the
	// first of them. MissingCount is how many there are.
	MissingFiles []string `json:"missingFiles"`
	MissingCount int64    `json:"missingCount"`
	FilesBack    int64    `json:"filesBack"` // files that were put back from the archive
}

// TableResult counts what was done to the rows of one table.
type TableResult struct {
	Table     string `json:"table"`
	Inserted  int64  `json:"inserted"`
	Undeleted int64  `json:"undeleted"`
	Reverted  int64  `json:"reverted"`
	Trashed   int64  `json:"trashed"`
	Kept      int64  `json:"kept"`     // differ and were left as they are
	Clashes   int64  `json:"clashes"`  // could not be restored
	Detached  int64  `json:"detached"` // references left empty because what they named is gone
}

// Clash is a row that could not be restored.
type Clash struct {
	Table   string `json:"table"`
	Title   string `json:"title"`
	Problem string `json:"problem"`
}

// ApplyTenant restores a tenant by a plan, in one transaction under the tenant's
// guard: after an error, or when the process is killed, nothing has changed. Before
// it an archive of the tenant is made; to apply that one AsItWas undoes the restore.
// The difference is taken anew. It returns ErrRefused for a plan that is too old or
// was applied already.
func (s *Service) ApplyTenant(ctx context.Context, in TenantRestore) (TenantReport, error) {
	j, err := s.begin(ctx, "restore tenant", "")
	if err != nil {
		return TenantReport{}, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	p, report, err := s.applyTenant(ctx, j, in)
	err = ended(ctx, err)
	j.end(ctx, p.From, err)
	return report, err
}

func (s *Service) applyTenant(ctx context.Context, j *job, in TenantRestore) (p TenantPlan, _ TenantReport, err error) {
	if s.o.Write == nil {
		return p, TenantReport{}, errNoWriter
	}
	if in.Mode != BringBack && in.Mode != AsItWas {
		return p, TenantReport{}, fmt.Errorf("%w: %.40q is no way to restore: use %s or %s", ErrRefused, in.Mode, BringBack, AsItWas)
	}
	p, before, err := readPlan(ctx, j.conn, in.Plan)
	if err != nil {
		return p, TenantReport{}, err
	}
	a, err := s.applicable(ctx, p, before)
	if err != nil {
		return p, TenantReport{}, err
	}
	report := TenantReport{Plan: p.ID, Mode: in.Mode, At: s.now(), Clashes: []Clash{}, MissingFiles: []string{}}
	if report.FilesBack, err = s.putFilesBack(ctx, a); err != nil {
		return p, TenantReport{}, err
	}
	undo, err := s.exportLive(ctx, j, p.Slug, Undo)
	if err != nil {
		return p, TenantReport{}, fmt.Errorf("keep the business as it is before anything is restored: %w", err)
	}
	report.Undo = undo.ID
	if err := j.say(ctx, "restoring %s as of %s (%s); %s undoes it", p.Name, p.AsOf.Format(time.RFC3339), in.Mode, undo.ID); err != nil {
		return p, TenantReport{}, err
	}
	if report, err = s.applyArchive(ctx, a, in, report); err != nil {
		return p, TenantReport{}, err
	}
	s.tellInstallation(ctx, in.Actor, p, report)
	if err := j.say(ctx, "restored: %s", report.summary()); err != nil {
		return p, report, err
	}
	return p, report, s.keepReport(ctx, j, report)
}

// applicable returns the archive of a plan that may still be applied.
func (s *Service) applicable(ctx context.Context, p TenantPlan, before *TenantReport) (TenantArchive, error) {
	if before != nil {
		return TenantArchive{}, fmt.Errorf("%w: this was restored already on %s; compare again to restore more", ErrRefused, before.At.Format(time.DateTime))
	}
	if s.now().Sub(p.MadeAt) > planLife {
		return TenantArchive{}, fmt.Errorf("%w: the comparison is of %s: compare again, much may have changed since", ErrRefused, p.MadeAt.Format(time.DateTime))
	}
	who, err := s.liveTenant(ctx, p.Slug)
	if err != nil {
		return TenantArchive{}, err
	}
	a, err := s.TenantArchive(ctx, p.Archive)
	if err != nil {
		return TenantArchive{}, err
	}
	latest, err := db.LatestVersion()
	if err != nil {
		return TenantArchive{}, err
	}
	if who.ID != p.TenantID || a.TenantID != p.TenantID || a.Schema != latest {
		return TenantArchive{}, fmt.Errorf("%w: the business or the schema is another one than when it was compared: compare again", ErrRefused)
	}
	return a, nil
}

// applyArchive is the one transaction. Everything cached of the tenant is old when it
// is committed, on every replica.
func (s *Service) applyArchive(ctx context.Context, a TenantArchive, in TenantRestore, report TenantReport) (TenantReport, error) {
	actor := in.Actor
	actor.TenantID, actor.IdempotencyKey = a.TenantID, ""
	return change.Do(ctx, s.o.Write, actor, "tenant.restore", nil, func(ctx context.Context, tx *change.Tx) (TenantReport, error) {
		if _, err := tx.Pgx().Exec(ctx, patience); err != nil {
			return report, err
		}
		all, err := readTenantTables(ctx, tx.Pgx())
		if err != nil {
			return report, err
		}
		tables, err := choose(all, a.Order, in.Tables)
		if err != nil {
			return report, err
		}
		w := &tenantWriter{s: s, tx: tx.Pgx(), tenant: a.TenantID.String(), mode: in.Mode, now: tx.Now, report: &report}
		err = s.readArchive(ctx, a, func(r *archiveReader) error { return w.all(ctx, tables, r) })
		if err != nil {
			return report, err
		}
		tx.Tag(cache.Everything)
		return report, tx.Record(ctx, change.Event{Action: "tenant.restore", Entity: "tenant", EntityID: a.TenantID, After: report.forAudit(a)})
	})
}

// forAudit is what the log keeps: numbers and ids, nobody's data.
func (r TenantReport) forAudit(a TenantArchive) map[string]any {
	tables := map[string]string{}
	for _, t := range r.Tables {
		tables[t.Table] = t.summary()
	}
	return map[string]any{"asOf": a.At, "mode": r.Mode, "undo": r.Undo, "tables": tables}
}

// tellInstallation notes the restore where what concerns the installation is read.
// The tenant's own log has it already, so that a failure is only logged.
func (s *Service) tellInstallation(ctx context.Context, by change.Actor, p TenantPlan, r TenantReport) {
	by.TenantID, by.IdempotencyKey = uuid.Nil, ""
	_, err := change.Do(ctx, s.o.Write, by, "tenant.restore", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		after := map[string]any{"slug": p.Slug, "asOf": p.AsOf, "mode": r.Mode, "undo": r.Undo}
		return struct{}{}, tx.Record(ctx, change.Event{Action: "tenant.restore", Entity: "tenant", EntityID: p.TenantID, After: after, Note: true})
	})
	if err != nil {
		s.o.Log.WarnContext(ctx, "a restore of one business is not in the installation's log", "tenant", p.TenantID, "err", err)
	}
}

func (s *Service) keepReport(ctx context.Context, j *job, r TenantReport) error {
	text, err := json.Marshal(r)
	if err == nil {
		_, err = j.conn.Exec(ctx, "UPDATE tenant_plan SET report = $2 WHERE id = $1", r.Plan, text)
	}
	if err != nil {
		return fmt.Errorf("the business is restored, but the report was not kept: %w", err)
	}
	return nil
}

// summary says in one line what was done.
func (t TableResult) summary() string {
	var parts []string
	for _, p := range []struct {
		n    int64
		what string
	}{
		{t.Inserted, "inserted"}, {t.Undeleted, "taken out of the trash"}, {t.Reverted, "given their former values"}, {t.Trashed, "put into the trash"},
		{t.Clashes, "in the way of others"}, {t.Detached, "references left empty"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

func (r TenantReport) summary() string {
	var parts []string
	for _, t := range r.Tables {
		if text := t.summary(); text != "" {
			parts = append(parts, t.Table+": "+text)
		}
	}
	if len(parts) == 0 {
		return "there was nothing to do"
	}
	return strings.Join(parts, "; ")
}

// Restored is how many rows were written.
func (r TenantReport) Restored() (n int64) {
	for _, t := range r.Tables {
		n += t.Inserted + t.Undeleted + t.Reverted + t.Trashed
	}
	return n
}

// errWrongTenant ends a restore whose rows are not the tenant's. Row level security
// would refuse them as well.
var errWrongTenant = errors.New("the archive holds a row of another business")

func (w *tenantWriter) owns(v values) error {
	if string(v[columnTenant]) != `"`+w.tenant+`"` {
		return errWrongTenant
	}
	return nil
}

func (w *tenantWriter) all(ctx context.Context, tables []*tenantTable, r *archiveReader) error {
	if slices.ContainsFunc(tables, (*tenantTable).hasLate) {
		if _, err := w.tx.Exec(ctx, "CREATE TEMP TABLE restored_links (name text NOT NULL, row jsonb NOT NULL) ON COMMIT DROP"); err != nil {
			return fmt.Errorf("keep references for later: %w", err)
		}
	}
	for _, t := range tables {
		if err := w.restore(ctx, t, r); err != nil {
			return fmt.Errorf("restore %s: %w", t.name, err)
		}
	}
	for i, t := range tables {
		if err := w.linkLate(ctx, t, &w.report.Tables[i]); err != nil {
			return fmt.Errorf("restore the references of %s: %w", t.name, err)
		}
	}
	return nil
}
