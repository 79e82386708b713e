package crm

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/dbtest"
	"payaid/internal/filter"
	"payaid/internal/listing"
)

// Each field that a record is known by is looked up by its own index, and no more is
// read than is told.
func duplicatePlans[T Recorded, I, P any](t *testing.T, d *dbtest.Database, tenant uuid.UUID, k *kind[T, I, P], table string, indexes ...string) {
	ctx := context.Background()
	known := "phone = '+91' || (9000000000 + n), gstin = lpad(n::text, 15, '0')"
	if table == "companies" {
		known += ", website = 'https://www.x' || n || '.test/'"
	}
	d.OwnerExec(t, "UPDATE "+table+" c SET "+known+" FROM (SELECT id, row_number() OVER (ORDER BY sort_name) AS n FROM "+table+") o WHERE o.id = c.id")
	d.OwnerExec(t, "VACUUM ANALYZE "+table)
	var plan string
	err := d.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
		e := &explained{Tx: tx}
		ask := DuplicateQuery{Name: "Person 77", Phone: "+919000000077", GSTIN: "000000000000077", Website: "http://x77.test"}
		if err := tx.QueryRow(ctx, "SELECT email FROM "+table+" WHERE sort_name = 'person 77'").Scan(&ask.Email); err != nil {
			return err
		}
		found, err := k.rules.similar(ctx, db.New(e), tenant, ask)
		if err == nil && len(found) != len(indexes) {
			t.Errorf("%d found, want one for each of %v: %+v", len(found), indexes, found)
		}
		plan = strings.Join(e.plans, "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := rowsOf(table, plan); strings.Contains(plan, "Seq Scan on "+table) || n > 2*len(indexes) {
		t.Errorf("%d rows read\n%s", n, plan)
	}
	for _, index := range indexes {
		if !strings.Contains(plan, "_"+index) {
			t.Errorf("%s is not used\n%s", index, plan)
		}
	}
}

// Who stands beside a record is read like two pages of one row, in every order.
func neighbourPlans[T any, R interface{ At() db.Place }](t *testing.T, d *dbtest.Database, tenant uuid.UUID, k *listing.Kind[T, R]) {
	ctx := context.Background()
	p := auth.Principal{TenantID: tenant, UserID: uuid.New(), Role: auth.Admin}
	for _, o := range k.Orders {
		for _, o.Desc = range []bool{false, true} {
			err := d.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
				var id uuid.UUID
				if err := tx.QueryRow(ctx, "SELECT id FROM "+k.Table+" c ORDER BY "+o.Expr+", id OFFSET $1 LIMIT 1", many/2).Scan(&id); err != nil {
					return err
				}
				e := &explained{Tx: tx}
				prev, next, err := db.Neighbours(ctx, db.New(e), everyRow(t, k, p), k.Table+" c", o, id)
				if err == nil && (prev == nil || next == nil || strings.Contains(e.plans[0], "Seq Scan on "+k.Table+" ") || rowsOf(k.Table, e.plans[0]) > 20) {
					t.Errorf("%s: between %v and %v, %d rows read\n%s", o.Key(), prev, next, rowsOf(k.Table, e.plans[0]), e.plans[0])
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A page of a large trash is read from its index. It deletes records: run it last.
func trashPlan[T any, R interface{ At() db.Place }](t *testing.T, d *dbtest.Database, tenant uuid.UUID, k *listing.Kind[T, R]) {
	ctx := context.Background()
	d.OwnerExec(t, "UPDATE "+k.Table+" SET deleted_at = created_at WHERE sort_name < 'person 5'")
	d.OwnerExec(t, "VACUUM ANALYZE "+k.Table)
	p := auth.Principal{TenantID: tenant, UserID: uuid.New(), Role: auth.Admin}
	err := d.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
		e := &explained{Tx: tx}
		rows, _, _, err := db.Page[R](ctx, db.New(e), k.Trashed(readerAt(p, k.Name, filter.Asker{})), listing.TrashOrder, nil, 25)
		if err == nil && (len(rows) != 25 || !strings.Contains(e.plans[0], k.Table+"_deleted_at_idx") || rowsOf(k.Table, e.plans[0]) > 50) {
			t.Errorf("%d rows of %d read\n%s", len(rows), rowsOf(k.Table, e.plans[0]), e.plans[0])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
