package listing

import (
	"context"
	"fmt"

	"payaid/db"
	"payaid/internal/cache"
)

// Groups says what is wanted of each group of records: sums, say.
type Groups struct {
	Name    string // for cache keys
	Columns string // of a group, over the rows of the table
	By      string
}

// GroupsOf reads one G for each group of everything that the query lists, from the
// cache where it can. It costs one query, however many groups there are.
func GroupsOf[G any, T any, R interface{ At() db.Place }](ctx context.Context, k *Kind[T, R], src Source, r Reader, q Query, g Groups) ([]G, error) {
	q.Sort, q.Cursor, q.Limit, q.NoTotal = "", "", 0, false
	if _, _, err := k.check(&q); err != nil {
		return nil, err
	}
	it, err := k.item(g.Name, r, q)
	if err != nil {
		return nil, err
	}
	return cache.Remember(ctx, src.Cache, it, cache.JSON[[]G](k.Name+"-"+g.Name+"-1"), func(ctx context.Context) ([]G, error) {
		f, err := k.find(ctx, src, r, q, unknown)
		if err != nil {
			return nil, err
		}
		groups, err := db.Groups[G](ctx, src.DB.Tenant(r.Tenant), f.countable(), g.Columns, g.By)
		if err != nil {
			return nil, fmt.Errorf("group %s: %w", k.Name, err)
		}
		return groups, nil
	})
}
