package db

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Neighbours returns the rows before and after the one with this id in a list under
// the order o; nil where there is none. The row itself need not be in the list. table
// holds the row under the alias of the list: "contacts c". It is one query, and costs
// what two pages of one row cost.
func Neighbours(ctx context.Context, q *Queries, l *List, table string, o Order, id uuid.UUID) (prev, next *uuid.UUID, err error) {
	var st statement
	side := func(name string, back bool) string {
		than := ">"
		if o.Desc != back {
			than = "<"
		}
		tenant := l.always[0] // NewList puts it first
		place := st.bind(condition{
			fmt.Sprintf("(%[1]s, %[2]s) %[3]s ((SELECT %[1]s FROM %[4]s WHERE %[5]s AND %[2]s = ?), ?)", o.Expr, o.ID, than, table, tenant.sql),
			append(slices.Clone(tenant.args), id, id),
		})
		return fmt.Sprintf("(SELECT '%s' AS side, %s AS id FROM %s WHERE %s AND %s ORDER BY %s LIMIT 1)", name, o.ID, st.bind(l.from), st.all(l.always, l.where), place, o.by(back))
	}
	sql := strings.Join([]string{side("prev", true), side("next", false)}, " UNION ALL ")
	rows, err := q.db.Query(ctx, sql, st.args...)
	if err != nil {
		return nil, nil, err
	}
	var which string
	var found uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&which, &found}, func() error {
		one := found
		if which == "prev" {
			prev = &one
		} else {
			next = &one
		}
		return nil
	})
	return prev, next, err
}
