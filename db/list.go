package db

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ErrBadCursor tells that a cursor is not one of ours or belongs to another
// order.
var ErrBadCursor = errors.New("db: this cursor does not belong to this list")

// List builds the one query shape that sqlc cannot: a page of rows under free
// filters and one of several documented orders. Columns and conditions are
// constants of the caller; values travel as parameters only.
type List struct {
	columns, from string
	where         []string
	args          []any
}

// NewList starts a list of one tenant's rows. from must alias the table that
// holds tenant_id and id as alias.
func NewList(columns, from, alias string, tenant uuid.UUID) *List {
	l := &List{columns: columns, from: from}
	return l.Where(alias+".tenant_id = ?", tenant)
}

// NewGlobalList starts a list of a table that belongs to no tenant: those that the
// catalogue test names with a reason.
func NewGlobalList(columns, from string) *List {
	return (&List{columns: columns, from: from}).Where("true")
}

// Where adds a condition; each ? in it stands for the next of args.
func (l *List) Where(condition string, args ...any) *List {
	l.where = append(l.where, l.bind(condition, args))
	return l
}

func (l *List) bind(sql string, args []any) string {
	var b strings.Builder
	for _, r := range sql {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		l.args, args = append(l.args, args[0]), args[1:]
		fmt.Fprintf(&b, "$%d", len(l.args))
	}
	return b.String()
}

// Order is one documented order of a list. Expr is a never-null SQL expression
// that an index led by tenant_id carries, followed by the id: a plain column,
// since row level security keeps functions that are not leakproof (lower, say)
// out of the index's condition. Type is its SQL type.
type Order struct {
	Name string // as in the address: "createdAt"
	Expr string
	ID   string // the id column, qualified
	Type string
	Desc bool
}

// Key is the order as it stands in an address: "-createdAt".
func (o Order) Key() string {
	if o.Desc {
		return "-" + o.Name
	}
	return o.Name
}

// Cursor is a place in a list: behind the row with this sort value and id, or
// before it when Back.
type Cursor struct {
	Sort  string    `json:"s"`
	Value string    `json:"v"`
	ID    uuid.UUID `json:"i"`
	Back  bool      `json:"b,omitempty"`
}

// String encodes the cursor for an address.
func (c Cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil { // strings, a uuid and a bool always marshal
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor reads what String wrote. It returns nil for "", and ErrBadCursor
// for anything else that was not made for this order.
func ParseCursor(s string, o Order) (*Cursor, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, ErrBadCursor
	}
	var c Cursor
	if json.Unmarshal(b, &c) != nil || c.Sort != o.Key() || c.ID == uuid.Nil {
		return nil, ErrBadCursor
	}
	return &c, nil
}

// Place is what a row of a list tells about where it stands: embed it in the row
// type next to the columns.
type Place struct {
	SortKey string    `db:"list_sort_key"`
	RowID   uuid.UUID `db:"list_row_id"`
}

// At returns the place itself.
func (p Place) At() Place { return p }

// Page reads up to limit rows in the order o, from the cursor on or from the
// start. It returns them in display order with the cursors of the neighbouring
// pages, "" where there is none. The deepest page costs what the first one
// costs.
func Page[T interface{ At() Place }](ctx context.Context, q *Queries, l *List, o Order, at *Cursor, limit int) (rows []T, prev, next string, err error) {
	sql, args := l.page(o, at, limit+1)
	res, err := q.db.Query(ctx, sql, args...)
	if err == nil {
		rows, err = pgx.CollectRows(res, pgx.RowToStructByName[T])
	}
	if err != nil {
		if at != nil && strings.HasPrefix(Code(err), classDataException) {
			err = ErrBadCursor // its value is not of the order's type
		}
		return nil, "", "", err
	}
	more, back := len(rows) > limit, at != nil && at.Back
	if more {
		rows = rows[:limit]
	}
	if back {
		slices.Reverse(rows)
	}
	if len(rows) == 0 {
		return rows, "", "", nil
	}
	if (back && more) || (!back && at != nil) {
		first := rows[0].At()
		prev = Cursor{Sort: o.Key(), Value: first.SortKey, ID: first.RowID, Back: true}.String()
	}
	if back || more {
		last := rows[len(rows)-1].At()
		next = Cursor{Sort: o.Key(), Value: last.SortKey, ID: last.RowID}.String()
	}
	return rows, prev, next, nil
}

func (l *List) page(o Order, at *Cursor, limit int) (sql string, args []any) {
	desc := o.Desc
	where := slices.Clone(l.where)
	args = slices.Clone(l.args)
	if at != nil {
		desc = desc != at.Back
		than := ">"
		if desc {
			than = "<"
		}
		args = append(args, at.Value, at.ID)
		where = append(where, fmt.Sprintf("(%s, %s) %s ($%d::text::%s, $%d)", o.Expr, o.ID, than, len(args)-1, o.Type, len(args)))
	}
	dir := "ASC"
	if desc {
		dir = "DESC"
	}
	return fmt.Sprintf("SELECT %s, (%s)::text AS list_sort_key, %s AS list_row_id FROM %s WHERE %s ORDER BY %s %s, %s %s LIMIT %d",
		l.columns, o.Expr, o.ID, l.from, strings.Join(where, " AND "), o.Expr, dir, o.ID, dir, limit), args
}

// Count counts the rows up to limit: a larger total is not worth its price on
// the way of a page.
func (l *List) Count(ctx context.Context, q *Queries, limit int) (int, error) {
	sql := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s LIMIT %d) capped", l.from, strings.Join(l.where, " AND "), limit)
	var n int
	err := q.db.QueryRow(ctx, sql, l.args...).Scan(&n)
	return n, err
}
