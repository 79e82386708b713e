// Package listing reads the lists of entities: pages under a search, a filter in
// the language of package filter and one of several documented orders, with keyset
// cursors and capped totals, kept in the cache. It knows no entity and judges no
// right: an area describes each list as a Kind and who asks as a Reader.
package listing

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/cache"
	"payaid/internal/filter"
)

const (
	// MaxPageSize bounds a page of any list.
	MaxPageSize = 100
	// MaxTotal is where counting stops: a larger total reads "10,000+".
	MaxTotal = 10_000

	defaultPageSize = 25
	exportPageSize  = 1000
)

// Kind is the list of one entity. Its SQL calls the rows c. T is what the area
// shows, R how a row is read: its columns and a db.Place.
type Kind[T any, R interface{ At() db.Place }] struct {
	Name    string        // in the plural: "contacts"
	Columns string        // of R but for its Place
	Table   string        // without an alias
	Joins   string        // what the columns need besides the table; "" for nothing
	Orders  []db.Order    // the documented ones, each carried by an index; the first is the default
	Fields  filter.Fields // what is filtered by
	Search  Search
	Tags    []string // the cache tags of what a page shows and of what filters ask for
	Make    func(R) (T, error)
}

// Search says how a text is searched for. The functions run as the schema's owner
// and return rows of the table: row level security would hide the trigram index. A
// search that nothing narrows is read by search_page, which knows every table.
type Search struct {
	Column  string // lower-cased and led by a space
	Find    string // the rows like a pattern: "find_contacts(?)"
	Similar string // the rows like some words, at most so many: "find_similar_contacts(?, ?)"
	// Count counts what Find finds, up to most.
	Count func(ctx context.Context, q *db.Queries, pattern string, most int64) (int64, error)
}

// Condition is a condition in SQL; each ? in it stands for the next of Args. The
// zero value leaves nothing out.
type Condition struct {
	SQL  string
	Args []any
}

// Reader is who reads a list.
type Reader struct {
	Tenant uuid.UUID
	Asker  filter.Asker // what "me" and "today" mean
	Scope  string       // names the part of the records that the reader sees, for cache keys
	Only   Condition    // that part
}

// Source is what lists are read from. Without a Cache nothing is kept.
type Source struct {
	DB    *db.DB
	Cache *cache.Cache
}

// Page is one page of a list.
type Page[T any] struct {
	Items   []T
	Prev    string // cursor of the page before, "" when there is none
	Next    string // cursor of the page after, "" when there is none
	Total   int    // at most MaxTotal
	Capped  bool   // there are more than Total
	Similar bool   // nothing holds the text of the search: these come close
}

// Page returns one page of what the reader sees, from the cache where it can.
func (k *Kind[T, R]) Page(ctx context.Context, src Source, r Reader, q Query) (Page[T], error) {
	order, at, err := k.check(&q)
	if err != nil {
		return Page[T]{}, err
	}
	return k.rememberPage(ctx, src, r, q, func(ctx context.Context) (Page[T], error) { return k.load(ctx, src, r, q, order, at) })
}

// Rendered returns the page as render makes it, which is what is kept. form names how
// render does it: two that make different bytes of the same page have different names.
func (k *Kind[T, R]) Rendered(ctx context.Context, src Source, r Reader, q Query, form string, render func(Page[T]) ([]byte, error)) ([]byte, error) {
	order, at, err := k.check(&q)
	if err != nil {
		return nil, err
	}
	return k.rememberRendered(ctx, src, r, q, form, func(ctx context.Context) ([]byte, error) {
		page, err := k.load(ctx, src, r, q, order, at)
		if err != nil {
			return nil, err
		}
		return render(page)
	})
}

// load reads a page of a checked query from the database; its total may be kept.
func (k *Kind[T, R]) load(ctx context.Context, src Source, r Reader, q Query, order db.Order, at *db.Cursor) (Page[T], error) {
	page, hits, err := k.searchPage(ctx, src, r, q, order, at)
	if err != nil || len(page.Items) > 0 {
		return page, err
	}
	f, err := k.find(ctx, src, r, q, hits)
	if err != nil {
		return Page[T]{}, err
	}
	if page, err = k.read(ctx, src, r, f, order, at, q.Limit); err != nil {
		return Page[T]{}, err
	}
	if q.NoTotal {
		page.Similar = f.similar && len(page.Items) > 0
		return page, nil
	}
	total := len(page.Items)
	if at != nil || page.Next != "" { // more than one page
		count := func(ctx context.Context) (int, error) { return k.total(ctx, src, r, f) }
		if total, err = k.rememberTotal(ctx, src, r, q, count); err != nil {
			return Page[T]{}, err
		}
	}
	page.Total, page.Capped, page.Similar = min(total, MaxTotal), total > MaxTotal, f.similar && total > 0
	return page, nil
}

// total counts up to MaxTotal and one more.
func (k *Kind[T, R]) total(ctx context.Context, src Source, r Reader, f found[R]) (int, error) {
	if f.counted {
		return f.total, nil
	}
	total, err := f.countable().Count(ctx, src.DB.Tenant(r.Tenant), MaxTotal+1)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", k.Name, err)
	}
	return total, nil
}

// All walks everything that the query lists, a bounded number in memory.
func (k *Kind[T, R]) All(ctx context.Context, src Source, r Reader, q Query) (iter.Seq2[T, error], error) {
	q.Cursor, q.Limit = "", 0
	order, at, err := k.check(&q)
	if err != nil {
		return nil, err
	}
	f, err := k.through(ctx, src, r, q)
	if err != nil {
		return nil, err
	}
	return func(yield func(T, error) bool) {
		var none T
		for {
			page, err := k.read(ctx, src, r, f, order, at, exportPageSize)
			if err != nil {
				yield(none, err)
				return
			}
			for _, v := range page.Items {
				if !yield(v, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			if at, err = db.ParseCursor(page.Next, order); err != nil {
				yield(none, err)
				return
			}
		}
	}, nil
}

// Slice returns the next limit records on the way through everything that the query
// lists, and the cursor to go on from. It keeps and counts nothing.
func (k *Kind[T, R]) Slice(ctx context.Context, src Source, r Reader, q Query, limit int) (Page[T], error) {
	order, at, err := k.check(&q)
	if err != nil {
		return Page[T]{}, err
	}
	f, err := k.through(ctx, src, r, q)
	if err != nil {
		return Page[T]{}, err
	}
	return k.read(ctx, src, r, f, order, at, limit)
}

// through finds what is wanted whole: one way, from the first to the last.
func (k *Kind[T, R]) through(ctx context.Context, src Source, r Reader, q Query) (found[R], error) {
	f, err := k.find(ctx, src, r, q, unknown)
	f.dense = false
	if !f.similar {
		f.indexed = nil
	}
	return f, err
}

// Few returns the first rows of the default order for which the condition holds
// and that the reader sees. It keeps nothing.
func (k *Kind[T, R]) Few(ctx context.Context, src Source, r Reader, only Condition, limit int) ([]T, error) {
	rows, err := k.Rows(r, Query{Only: only})
	if err != nil {
		return nil, err
	}
	page, err := k.read(ctx, src, r, found[R]{table: rows.Of(k.Table)}, k.Orders[0], nil, limit)
	return page.Items, err
}

func (k *Kind[T, R]) read(ctx context.Context, src Source, r Reader, f found[R], order db.Order, at *db.Cursor, limit int) (Page[T], error) {
	rows, prev, next, err := f.page(ctx, src.DB.Tenant(r.Tenant), order, at, limit)
	if err != nil {
		return Page[T]{}, k.failed(err)
	}
	return k.made(rows, prev, next)
}

func (k *Kind[T, R]) failed(err error) error {
	if errors.Is(err, db.ErrBadCursor) {
		return BadCursor()
	}
	return fmt.Errorf("list %s: %w", k.Name, err)
}

// made is the page of these rows.
func (k *Kind[T, R]) made(rows []R, prev, next string) (Page[T], error) {
	page := Page[T]{Items: make([]T, len(rows)), Prev: prev, Next: next}
	for i, row := range rows {
		var err error
		if page.Items[i], err = k.Make(row); err != nil {
			return Page[T]{}, err
		}
	}
	return page, nil
}

// Rows starts lists of the same records over different rows: the table, or a
// function that searches it.
type Rows struct {
	columns, joins string
	r              Reader
	also           []Condition
	whole          bool // nothing is left out
}

// Rows translates the query, all but its text, its order and its place.
func (k *Kind[T, R]) Rows(r Reader, q Query) (Rows, error) {
	where, err := k.Where(q.Filter)
	if err != nil {
		return Rows{}, err
	}
	rows := Rows{columns: k.Columns, joins: k.Joins, r: r, whole: where.Zero() && r.Only.SQL == "" && q.Only.SQL == ""}
	if !where.Zero() {
		sql, args := k.Fields.Condition(where, r.Asker)
		rows.also = append(rows.also, Condition{"(" + sql + ")", args})
	}
	for _, c := range []Condition{r.Only, q.Only} {
		if c.SQL != "" {
			rows.also = append(rows.also, c)
		}
	}
	return rows, nil
}

// Of lists the rows that from gives, with args for each ? in it.
func (r Rows) Of(from string, args ...any) *db.List {
	l := db.NewList(r.columns, from+" c", "c", r.r.Tenant, args...).Always("c.deleted_at IS NULL").Join(r.joins)
	for _, c := range r.also {
		l.Where(c.SQL, c.Args...)
	}
	return l
}
