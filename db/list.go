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
)

// ErrBadCursor tells that a cursor is not one of ours or belongs to another
// order.
var ErrBadCursor = errors.New("db: this cursor does not belong to this list")

// List builds the one query shape that sqlc cannot: a page of rows under free
// filters and one of several documented orders. Columns and conditions are
// constants of the caller; values travel as parameters only.
type List struct {
	columns, alias, joins string
	from                  condition // a table with its alias
	always, where         []condition
	backward              bool // a stretch that was read on the way back
}

// condition is a piece of SQL in which each ? stands for the next of args.
type condition struct {
	sql  string
	args []any
}

// statement collects the parameters of the pieces that it is put together from.
type statement struct{ args []any }

func (s *statement) bind(c condition) string {
	var b strings.Builder
	args := c.args
	for _, r := range c.sql {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		s.args, args = append(s.args, args[0]), args[1:]
		fmt.Fprintf(&b, "$%d", len(s.args))
	}
	return b.String()
}

func (s *statement) all(conditions ...[]condition) string {
	var parts []string
	for _, c := range slices.Concat(conditions...) {
		parts = append(parts, s.bind(c))
	}
	return strings.Join(parts, " AND ")
}

// NewList starts a list of one tenant's rows. from must alias the table that
// holds tenant_id and id as alias; it may be a function that returns such rows,
// with args for each ? in it.
func NewList(columns, from, alias string, tenant uuid.UUID, args ...any) *List {
	l := &List{columns: columns, alias: alias, from: condition{from, args}}
	return l.Always(alias+".tenant_id = ?", tenant)
}

// Join names what the columns need besides the rows of the list itself. It is
// joined to the rows of a page only, and so does not slow down choosing them;
// conditions cannot speak of it.
func (l *List) Join(joins string) *List {
	l.joins = joins
	return l
}

// Always adds a condition that the indexes of every order carry, so that it costs
// no row.
func (l *List) Always(sql string, args ...any) *List {
	l.always = append(l.always, condition{sql, args})
	return l
}

// NewGlobalList starts a list of a table that belongs to no tenant: those that the
// catalogue test names with a reason.
func NewGlobalList(columns, from string) *List {
	return (&List{columns: columns, from: condition{sql: from}}).Always("true")
}

// Where adds a condition; each ? in it stands for the next of args.
func (l *List) Where(sql string, args ...any) *List {
	l.where = append(l.where, condition{sql, args})
	return l
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
	if len(l.where) == 0 {
		q = q.plannedOnce()
	}
	if rows, err = collect[T](ctx, q, sql, args, at); err != nil {
		return nil, "", "", err
	}
	rows, prev, next = turn(rows[:min(limit, len(rows))], o, at, len(rows) > limit)
	return rows, prev, next, nil
}

// PageWithin is Page for conditions that many rows meet but no index carries: it
// looks at a stretch of that many rows of the order only. found is false when
// they do not hold a whole page although there are more behind them.
func PageWithin[T interface{ At() Place }](ctx context.Context, q *Queries, l *List, o Order, at *Cursor, limit, stretch int) (rows []T, prev, next string, found bool, err error) {
	sql, args := l.within(o, at, stretch).page(o, nil, limit+1)
	if rows, err = collect[T](ctx, q, sql, args, at); err != nil {
		return nil, "", "", false, err
	}
	if len(rows) <= limit {
		seen := l.within(o, at, stretch)
		seen.where = nil
		n, err := seen.Count(ctx, q, stretch)
		if err != nil || n == stretch {
			return nil, "", "", false, err
		}
	}
	rows, prev, next = turn(rows[:min(limit, len(rows))], o, at, len(rows) > limit)
	return rows, prev, next, true, nil
}

func collect[T any](ctx context.Context, q *Queries, sql string, args []any, at *Cursor) (rows []T, err error) {
	res, err := q.db.Query(ctx, sql, args...)
	if err == nil {
		rows, err = collectRows[T](res)
	}
	return rows, cursorError(err, at)
}

// cursorError is err, or ErrBadCursor when the value of the cursor is not of the
// order's type.
func cursorError(err error, at *Cursor) error {
	if err != nil && at != nil && strings.HasPrefix(Code(err), classDataException) {
		return ErrBadCursor
	}
	return err
}

// turn brings the rows of a page into display order; more tells that there are others
// behind them.
func turn[T interface{ At() Place }](rows []T, o Order, at *Cursor, more bool) (page []T, prev, next string) {
	back := at != nil && at.Back
	if back {
		slices.Reverse(rows)
	}
	if len(rows) == 0 {
		return rows, "", ""
	}
	if (back && more) || (!back && at != nil) {
		first := rows[0].At()
		prev = Cursor{Sort: o.Key(), Value: first.SortKey, ID: first.RowID, Back: true}.String()
	}
	if back || more {
		last := rows[len(rows)-1].At()
		next = Cursor{Sort: o.Key(), Value: last.SortKey, ID: last.RowID}.String()
	}
	return rows, prev, next
}

// page is the query of a page: of the rows alone when something is joined, and
// around it the columns.
func (l *List) page(o Order, at *Cursor, limit int) (sql string, args []any) {
	var st statement
	rows := fmt.Sprintf("FROM %s WHERE %s ORDER BY %s LIMIT %d", st.bind(l.from), st.all(l.always, o.behind(at), l.where), o.by(l.back(at)), limit)
	if l.joins != "" {
		rows = fmt.Sprintf("FROM (SELECT %[1]s.* %[2]s) %[1]s %[3]s ORDER BY %[4]s", l.alias, rows, l.joins, o.by(l.back(at)))
	}
	return fmt.Sprintf("SELECT %s, (%s)::text AS list_sort_key, %s AS list_row_id %s", l.columns, o.Expr, o.ID, rows), st.args
}

// within is the list of those rows that are among the next so many of the order.
func (l *List) within(o Order, at *Cursor, stretch int) *List {
	parts := slices.Concat(l.always, o.behind(at))
	from := condition{args: slices.Clone(l.from.args)}
	var where []string
	for _, c := range parts {
		where, from.args = append(where, c.sql), append(from.args, c.args...)
	}
	from.sql = fmt.Sprintf("(SELECT %s.* FROM %s WHERE %s ORDER BY %s LIMIT %d) %[1]s", l.alias, l.from.sql, strings.Join(where, " AND "), o.by(l.back(at)), stretch)
	return &List{columns: l.columns, alias: l.alias, joins: l.joins, from: from, always: []condition{{sql: "true"}}, where: l.where, backward: l.back(at)}
}

func (l *List) back(at *Cursor) bool { return l.backward || at != nil && at.Back }

// behind is the condition of the rows from the cursor on.
func (o Order) behind(at *Cursor) []condition {
	if at == nil {
		return nil
	}
	than := ">"
	if o.Desc != at.Back {
		than = "<"
	}
	return []condition{{fmt.Sprintf("(%s, %s) %s (?::text::%s, ?)", o.Expr, o.ID, than, o.Type), []any{at.Value, at.ID}}}
}

// by is the order as SQL has it, turned round on the way back.
func (o Order) by(back bool) string {
	dir := "ASC"
	if o.Desc != back {
		dir = "DESC"
	}
	return fmt.Sprintf("%s %s, %s %[2]s", o.Expr, dir, o.ID)
}

// Count counts the rows up to limit: a larger total is not worth its price on
// the way of a page.
func (l *List) Count(ctx context.Context, q *Queries, limit int) (int, error) {
	var st statement
	sql := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s LIMIT %d) capped", st.bind(l.from), st.all(l.always, l.where), limit)
	var n int
	err := q.db.QueryRow(ctx, sql, st.args...).Scan(&n)
	return n, err
}

// Groups reads one row for each group of the list's rows. columns and by are
// constants of the caller, over the rows of the list itself.
func Groups[T any](ctx context.Context, q *Queries, l *List, columns, by string) ([]T, error) {
	var st statement
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE %s GROUP BY %s", columns, st.bind(l.from), st.all(l.always, l.where), by)
	return collect[T](ctx, q, sql, st.args, nil)
}
