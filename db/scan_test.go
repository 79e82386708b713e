package db_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/dbtest"
)

// Ids travel as they are, alone, in arrays, as NULL and in the form of a text.
func TestIDsTravel(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	one, other := uuid.New(), uuid.New()
	err := d.InTx(ctx, func(tx pgx.Tx, _ *db.Queries) error {
		var id, unknown uuid.UUID
		var known, none *uuid.UUID
		var all []uuid.UUID
		var text string
		err := tx.QueryRow(ctx, "SELECT $1::uuid, $1::uuid, $2::uuid, NULL::uuid, $3::uuid[], $1::uuid::text", one, none, []uuid.UUID{one, other}).
			Scan(&id, &known, &none, &unknown, &all, &text)
		if id != one || known == nil || *known != one || none != nil || unknown != uuid.Nil || !slices.Equal(all, []uuid.UUID{one, other}) || text != one.String() {
			t.Errorf("%s, %v, %v, %s, %v, %s", id, known, none, unknown, all, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

type named struct {
	db.Place
	Name  string  `db:"name"`
	Photo *string `db:"photo"`
}

type nameless struct{ db.Place }

// Columns go into the fields of their names, in whatever order; one row leaves nothing
// behind for the next.
func TestRowsAreReadByName(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	order := db.Order{Name: "name", Expr: "n.name", ID: "n.id", Type: "text"}
	list := func() *db.List {
		return db.NewGlobalList("n.photo, n.name", "(VALUES ('a', 'face', gen_random_uuid()), ('b', NULL, gen_random_uuid())) n (name, photo, id)")
	}
	rows, _, _, err := db.Page[named](ctx, d.Global(), list(), order, nil, 10)
	if err != nil || len(rows) != 2 || rows[0].Name != "a" || *rows[0].Photo != "face" || rows[1].Photo != nil || rows[1].SortKey != "b" || rows[1].RowID == rows[0].RowID {
		t.Errorf("%+v, %v", rows, err)
	}
	if _, _, _, err := db.Page[nameless](ctx, d.Global(), list(), order, nil, 10); err == nil || !strings.Contains(err.Error(), "photo") {
		t.Errorf("a column without a field: %v", err)
	}
}
