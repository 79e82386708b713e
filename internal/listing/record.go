package listing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
)

// TrashOrder is the one order of a trash: what was deleted last comes first.
var TrashOrder = db.Order{Name: "deletedAt", Expr: "c.deleted_at", ID: "c.id", Type: "timestamptz", Desc: true}

// Trash returns one page of the deleted records that the reader sees, those deleted
// last first. Total is not counted.
func (k *Kind[T, R]) Trash(ctx context.Context, src Source, r Reader, cursor string, limit int) (Page[T], error) {
	q := Query{Limit: limit}
	if _, _, err := k.check(&q); err != nil {
		return Page[T]{}, err
	}
	at, err := db.ParseCursor(cursor, TrashOrder)
	if err != nil {
		return Page[T]{}, BadCursor()
	}
	return k.read(ctx, src, r, found[R]{table: k.Trashed(r)}, TrashOrder, at, q.Limit)
}

// Trashed is what Trash reads, in the TrashOrder.
func (k *Kind[T, R]) Trashed(r Reader) *db.List {
	list := db.NewList(k.Columns, k.Table+" c", "c", r.Tenant).Always("c.deleted_at IS NOT NULL").Join(k.Joins)
	if r.Only.SQL != "" {
		list.Where(r.Only.SQL, r.Only.Args...)
	}
	return list
}

// Neighbours returns the records before and after one in the list of the query,
// whose cursor is not read; nil where there is none.
func (k *Kind[T, R]) Neighbours(ctx context.Context, src Source, r Reader, q Query, id uuid.UUID) (prev, next *uuid.UUID, err error) {
	q.Cursor = ""
	order, _, err := k.check(&q)
	if err != nil {
		return nil, nil, err
	}
	f, err := k.find(ctx, src, r, q, unknown)
	if err != nil {
		return nil, nil, err
	}
	list := f.table
	if f.indexed != nil && (f.similar || !f.dense) {
		list = f.indexed
	}
	prev, next, err = db.Neighbours(ctx, src.DB.Tenant(r.Tenant), list, k.Table+" c", order, id)
	if err != nil {
		return nil, nil, fmt.Errorf("look for the neighbours of %s in the list of %s: %w", id, k.Name, err)
	}
	return prev, next, nil
}
