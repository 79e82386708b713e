package db

import (
	"context"
	"strings"

	"github.com/google/uuid"
)

// SearchPage is Page for the living rows of one table whose search text is like a
// pattern and that nothing else narrows: by the function search_page, which reads
// each hit once and hands over the ids of the page alone. hits is how many there are;
// when they are as many as most, counting and the page stopped there, and rows is nil.
// list gives the rows of the table without the search.
func SearchPage[T interface{ At() Place }](ctx context.Context, q *Queries, list *List, table, pattern string, o Order, at *Cursor, limit, most int) (rows []T, prev, next string, hits int, err error) {
	back := at != nil && at.Back
	var key *string
	var id *uuid.UUID
	if at != nil {
		key, id = &at.Value, &at.ID
	}
	var ids []uuid.UUID
	column := strings.TrimPrefix(o.Expr, list.alias+".")
	err = q.db.QueryRow(ctx, "SELECT ids, hits FROM search_page($1, $2, $3, $4, $5, $6, $7, $8)", table, pattern, column, o.Desc != back, key, id, limit+1, most).Scan(&ids, &hits)
	if err != nil || hits == most || len(ids) == 0 {
		return nil, "", "", hits, cursorError(err, at)
	}
	more := len(ids) > limit
	shown := *list
	shown.backward = back
	sql, args := shown.Where(list.alias+".id = ANY (?)", ids[:min(limit, len(ids))]).page(o, nil, limit)
	if rows, err = collect[T](ctx, q.plannedOnce(), sql, args, at); err != nil {
		return nil, "", "", hits, err
	}
	rows, prev, next = turn(rows, o, at, more)
	return rows, prev, next, hits, nil
}
