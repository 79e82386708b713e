package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
)

const (
	// sampleSize is how many rows of each kind a plan names.
	sampleSize = 5
	// planLife is how long after it was made a plan may be applied.
	planLife = 24 * time.Hour
)

// TenantPlan is what a restore of one tenant would find. Nothing is written yet.
type TenantPlan struct {
	ID       uuid.UUID         `json:"id"`      // also of the job that made it
	From     uuid.UUID         `json:"from"`    // the backup or archive that was asked for
	Archive  uuid.UUID         `json:"archive"` // the archive that the rows come from
	TenantID uuid.UUID         `json:"tenantId"`
	Slug     string            `json:"slug"`
	Name     string            `json:"name"`
	AsOf     time.Time         `json:"asOf"` // what the backup knows
	MadeAt   time.Time         `json:"madeAt"`
	Tables   []TableDifference `json:"tables"`
}

// Differs reports whether there is anything to restore.
func (p TenantPlan) Differs() bool {
	for _, t := range p.Tables {
		if t.Missing+t.Trashed+t.Changed+t.Added > 0 {
			return true
		}
	}
	return false
}

// TableDifference counts the rows of one table by what became of them since the
// backup, and names some.
type TableDifference struct {
	Table   string   `json:"table"`
	Same    int64    `json:"same"`
	Missing int64    `json:"missing"` // gone
	Trashed int64    `json:"trashed"` // in the trash
	Changed int64    `json:"changed"`
	Added   int64    `json:"added"`
	Samples []Sample `json:"samples"`
}

// Sample names one row.
type Sample struct {
	State   string   `json:"state"` // missing, trashed, changed, added
	Title   string   `json:"title"`
	Columns []string `json:"columns,omitempty"` // that have other values now
}

var stateNames = map[rowChange]string{missing: "missing", trashed: "trashed", changed: "changed", added: "added"}

func (t *TableDifference) count(d difference) {
	n := map[rowChange]*int64{same: &t.Same, missing: &t.Missing, trashed: &t.Trashed, changed: &t.Changed, added: &t.Added}[d.kind]
	*n++
	if d.kind == same || *n > sampleSize {
		return
	}
	if text := title(d.row()); text != "" {
		t.Samples = append(t.Samples, Sample{State: stateNames[d.kind], Title: text, Columns: d.columns})
	}
}

// PlanTenant compares what a backup, or an archive of one tenant, knows of the
// tenant with the running system, and keeps the result for a day. It returns
// ErrRefused when id holds another tenant or a newer schema.
func (s *Service) PlanTenant(ctx context.Context, id uuid.UUID, slug string) (TenantPlan, error) {
	j, err := s.begin(ctx, "compare tenant", "")
	if err != nil {
		return TenantPlan{}, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	p, err := s.planTenant(ctx, j, id, slug)
	err = ended(ctx, err)
	j.end(ctx, id, err)
	return p, err
}

func (s *Service) planTenant(ctx context.Context, j *job, id uuid.UUID, slug string) (TenantPlan, error) {
	if s.o.Write == nil {
		return TenantPlan{}, errNoWriter
	}
	who, err := s.liveTenant(ctx, slug)
	if err != nil {
		return TenantPlan{}, err
	}
	a, err := s.source(ctx, j, id, who)
	if err != nil {
		return TenantPlan{}, err
	}
	p := TenantPlan{
		ID: j.id, From: id, Archive: a.ID, TenantID: who.ID, Slug: who.Slug, Name: who.Name, AsOf: a.At, MadeAt: s.now(),
	}
	if err := j.say(ctx, "comparing %d rows of %s with the running system", a.Rows(), who.Name); err != nil {
		return TenantPlan{}, err
	}
	err = s.inTenant(ctx, who.ID, func(tx pgx.Tx) error {
		tables, err := readTenantTables(ctx, tx)
		if err != nil {
			return err
		}
		if tables, err = choose(tables, a.Order, nil); err != nil {
			return err
		}
		return s.readArchive(ctx, a, func(r *archiveReader) error {
			return p.compare(ctx, tx, tables, r)
		})
	})
	if err != nil {
		return TenantPlan{}, err
	}
	return p, s.keepPlan(ctx, j, p)
}

func (p *TenantPlan) compare(ctx context.Context, tx pgx.Tx, tables []*tenantTable, r *archiveReader) error {
	for _, t := range tables {
		found := TableDifference{Table: t.name, Samples: []Sample{}}
		err := differ{table: t, compared: t.compared()}.each(ctx, tx, p.TenantID.String(), r, func(d difference) error {
			found.count(d)
			return nil
		})
		if err != nil {
			return fmt.Errorf("compare %s: %w", t.name, err)
		}
		p.Tables = append(p.Tables, found)
	}
	return nil
}

var errNoWriter = fmt.Errorf("%w: this process has no way into the running system", ErrRefused)

// inTenant runs fn under the tenant's guard, with time enough for many rows.
func (s *Service) inTenant(ctx context.Context, tenant uuid.UUID, fn func(tx pgx.Tx) error) error {
	return s.o.Write.DB.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
		if _, err := tx.Exec(ctx, patience); err != nil {
			return err
		}
		return fn(tx)
	})
}

// patience suits a transaction that reads a backup meanwhile. The texts of rows
// must be those of the backup, whatever the server's settings are.
const patience = `SET LOCAL statement_timeout = '10min'; SET LOCAL idle_in_transaction_session_timeout = '10min'; SET LOCAL lock_timeout = '30s';
	SET LOCAL timezone = 'UTC'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL intervalstyle = 'postgres'; SET LOCAL datestyle = 'ISO, YMD'`

func (s *Service) liveTenant(ctx context.Context, slug string) (who tenantIdentity, err error) {
	err = s.o.Write.DB.InTx(ctx, func(tx pgx.Tx, _ *db.Queries) error {
		who, err = findTenant(ctx, tx, slug)
		return err
	})
	return who, err
}

func (s *Service) keepPlan(ctx context.Context, j *job, p TenantPlan) error {
	text, err := json.Marshal(p)
	if err == nil {
		_, err = j.conn.Exec(ctx, "INSERT INTO tenant_plan (id, tenant_id, made_at, plan) VALUES ($1, $2, $3, $4)", p.ID, p.TenantID, p.MadeAt, text)
	}
	if err == nil {
		_, err = j.conn.Exec(ctx, "DELETE FROM tenant_plan WHERE made_at < $1", s.now().Add(-jobHistory))
	}
	if err != nil {
		return fmt.Errorf("keep the plan: %w", err)
	}
	return nil
}

// TenantPlan returns a plan, and the report once it was applied. It returns
// ErrNotFound when there is none.
func (s *Service) TenantPlan(ctx context.Context, id uuid.UUID) (TenantPlan, *TenantReport, error) {
	conn, err := s.openOps(ctx)
	if err != nil {
		return TenantPlan{}, nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	return readPlan(ctx, conn, id)
}

func readPlan(ctx context.Context, q querier, id uuid.UUID) (p TenantPlan, report *TenantReport, err error) {
	var plan, done []byte
	err = q.QueryRow(ctx, "SELECT plan, report FROM tenant_plan WHERE id = $1", id).Scan(&plan, &done)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, nil, fmt.Errorf("%w: no comparison has the id %s", ErrNotFound, id)
	}
	if err == nil {
		err = json.Unmarshal(plan, &p)
	}
	if err == nil && done != nil {
		report = &TenantReport{}
		err = json.Unmarshal(done, report)
	}
	if err != nil {
		return p, nil, fmt.Errorf("read the plan: %w", err)
	}
	return p, report, nil
}
