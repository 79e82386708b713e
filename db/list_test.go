package db_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/dbtest"
)

type item struct {
	Email string `db:"email"`
	db.Place
}

var orders = []db.Order{
	{Name: "name", Expr: "c.sort_name", ID: "c.id", Type: "text"},
	{Name: "email", Expr: "c.email", ID: "c.id", Type: "text"},
	{Name: "createdAt", Expr: "c.created_at", ID: "c.id", Type: "timestamptz"},
}

func contacts(tenant uuid.UUID) *db.List {
	return db.NewList("c.email", "contacts c", "c", tenant).Where("c.deleted_at IS NULL")
}

// fill adds n contacts with equal names in tens, equal times in fives, and names
// that a cursor could trip over. Every seventh has no e-mail.
func fill(t *testing.T, d *dbtest.Database, tenant uuid.UUID, n int) {
	t.Helper()
	d.OwnerExec(t, `
		INSERT INTO contacts (tenant_id, id, first_name, last_name, email, created_at, updated_at)
		SELECT $1, gen_random_uuid(), (ARRAY['asha','ASHA','Émile','అశ','O''Neil','a "b" \ %'])[1 + i % 6], (i / 10)::text,
		       CASE WHEN i % 7 = 0 THEN '' ELSE 'e' || i || '@x.test' END,
		       '2026-01-01 00:00:00.123456+00'::timestamptz + (i / 5) * interval '1 microsecond', now()
		FROM generate_series(1, $2::int) i`, tenant, n)
	d.OwnerExec(t, "ANALYZE contacts")
}

func TestPagesMeetWithoutGapsInBothDirections(t *testing.T) {
	d := dbtest.New(t)
	tenant, other := newTenant(t, d, "a"), newTenant(t, d, "b")
	fill(t, d, tenant, 120)
	fill(t, d, other, 120)
	ctx, q := context.Background(), d.Tenant(tenant)
	for _, o := range orders {
		for _, o.Desc = range []bool{false, true} {
			all, prev, next, err := db.Page[item](ctx, q, contacts(tenant), o, nil, 1000)
			if err != nil || prev != "" || next != "" || len(all) != 121 {
				t.Fatalf("%s: %d rows, prev %q, next %q: %v", o.Key(), len(all), prev, next, err)
			}
			if !slices.IsSortedFunc(all, func(a, b item) int { return comparePlaces(o, a.Place, b.Place) }) {
				t.Errorf("%s is not in its order", o.Key())
			}
			for _, size := range []int{1, 7, 120, 121} {
				walk(t, q, tenant, o, size, all)
			}
		}
	}
}

// comparePlaces compares in the bytes' order, which is that of the test's
// C.UTF-8 database; the id decides between equals.
func comparePlaces(o db.Order, a, b db.Place) int {
	c := strings.Compare(a.SortKey+"\x00"+a.RowID.String(), b.SortKey+"\x00"+b.RowID.String())
	if o.Desc {
		return -c
	}
	return c
}

// walk goes to the end page by page and back again, and wants to meet all both
// times.
func walk(t *testing.T, q *db.Queries, tenant uuid.UUID, o db.Order, size int, all []item) {
	t.Helper()
	page := func(cursor string) ([]item, string, string) {
		at, err := db.ParseCursor(cursor, o)
		if err != nil {
			t.Fatalf("%s by %d: its own cursor: %v", o.Key(), size, err)
		}
		rows, prev, next, err := db.Page[item](context.Background(), q, contacts(tenant), o, at, size)
		if err != nil {
			t.Fatalf("%s by %d: %v", o.Key(), size, err)
		}
		return rows, prev, next
	}
	rows, prev, next := page("")
	if prev != "" {
		t.Errorf("%s by %d: the first page has one before it", o.Key(), size)
	}
	forward := rows
	for next != "" {
		rows, prev, next = page(next)
		forward = append(forward, rows...)
	}
	if !slices.Equal(forward, all) {
		t.Errorf("%s by %d: forward met %d rows, want %d in the same order", o.Key(), size, len(forward), len(all))
	}
	backward := rows
	for prev != "" {
		rows, prev, _ = page(prev)
		backward = append(slices.Clone(rows), backward...)
	}
	if !slices.Equal(backward, all) {
		t.Errorf("%s by %d: backward met %d rows, want %d in the same order", o.Key(), size, len(backward), len(all))
	}
}

func TestCursorsThatAreNotOurs(t *testing.T) {
	d := dbtest.New(t)
	tenant := newTenant(t, d, "a")
	byName, byTime := orders[0], orders[2]
	id := uuid.New()
	encode := base64.RawURLEncoding.EncodeToString
	for name, c := range map[string]struct {
		cursor string
		order  db.Order
	}{
		"not base64":                 {"%%%", byName},
		"not JSON":                   {encode([]byte("{")), byName},
		"nothing in it":              {encode([]byte("{}")), byName},
		"no id":                      {encode([]byte(`{"s":"name","v":"x"}`)), byName},
		"another order":              {db.Cursor{Sort: "email", Value: "x", ID: id}.String(), byName},
		"the other direction":        {db.Cursor{Sort: "-name", Value: "x", ID: id}.String(), byName},
		"not a time":                 {db.Cursor{Sort: "createdAt", Value: "soon", ID: id}.String(), byTime},
		"a time that does not exist": {db.Cursor{Sort: "createdAt", Value: "2026-13-45", ID: id}.String(), byTime},
		"a year out of range":        {db.Cursor{Sort: "createdAt", Value: "999999-01-01", ID: id}.String(), byTime},
		"a NUL in the name":          {db.Cursor{Sort: "name", Value: "a\x00b", ID: id}.String(), byName},
	} {
		at, err := db.ParseCursor(c.cursor, c.order)
		if err == nil {
			_, _, _, err = db.Page[item](context.Background(), d.Tenant(tenant), contacts(tenant), c.order, at, 10)
		}
		if !errors.Is(err, db.ErrBadCursor) {
			t.Errorf("%s: %v, want ErrBadCursor", name, err)
		}
	}
}

func TestAWrongFilterIsNotABadCursor(t *testing.T) {
	d := dbtest.New(t)
	tenant := newTenant(t, d, "a")
	l := contacts(tenant).Where("c.lead_score = (?::text)::int", "many")
	if _, _, _, err := db.Page[item](context.Background(), d.Tenant(tenant), l, orders[0], nil, 10); err == nil || errors.Is(err, db.ErrBadCursor) {
		t.Errorf("got %v", err)
	}
}

func TestConditionsTakeTheirParametersInOrder(t *testing.T) {
	d := dbtest.New(t)
	tenant := newTenant(t, d, "a")
	fill(t, d, tenant, 30)
	l := contacts(tenant).Where("c.email <> ?", "").Where("(c.email = ? OR c.email = ?)", "e1@x.test", "e2@x.test").Where("c.last_name = ?", "0")
	rows, _, _, err := db.Page[item](context.Background(), d.Tenant(tenant), l, orders[1], &db.Cursor{Sort: "email", Value: "e1@x.test", ID: uuid.Max}, 10)
	if err != nil || len(rows) != 1 || rows[0].Email != "e2@x.test" {
		t.Errorf("got %v, %v", rows, err)
	}
}

func TestCountStopsAtItsLimit(t *testing.T) {
	d := dbtest.New(t)
	tenant := newTenant(t, d, "a")
	fill(t, d, tenant, 30)
	for limit, want := range map[int]int{1: 1, 30: 30, 31: 31, 100: 31} {
		if n, err := contacts(tenant).Count(context.Background(), d.Tenant(tenant), limit); err != nil || n != want {
			t.Errorf("count up to %d: %d, %v; want %d", limit, n, err, want)
		}
	}
}

func ExampleCursor() {
	o := db.Order{Name: "name", Desc: true}
	at, err := db.ParseCursor(db.Cursor{Sort: o.Key(), Value: "asha", ID: uuid.Max}.String(), o)
	fmt.Println(at.Sort, at.Value, at.Back, err)
	// Output: -name asha false <nil>
}
