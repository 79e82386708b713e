package listing

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"payaid/internal/cache"
)

// life bounds what a list that nobody reads any more takes up.
const life = 5 * time.Minute

var totals = cache.JSON[int]("total-1")

// rememberPage keeps a page of the list with its total. The rights are checked, and
// q was checked, before.
func (k *Kind[T, R]) rememberPage(ctx context.Context, src Source, r Reader, q Query, load func(context.Context) (Page[T], error)) (Page[T], error) {
	it, err := k.item("page", r, q)
	if err != nil {
		return Page[T]{}, err
	}
	return cache.Remember(ctx, src.Cache, it, cache.JSON[Page[T]](k.Name+"-2"), load)
}

// rememberRendered keeps a page of the list in a form that is ready to be sent.
func (k *Kind[T, R]) rememberRendered(ctx context.Context, src Source, r Reader, q Query, form string, load func(context.Context) ([]byte, error)) ([]byte, error) {
	it, err := k.item("page", r, q)
	if err != nil {
		return nil, err
	}
	it.Key += " " + form
	return cache.Remember(ctx, src.Cache, it, cache.Rendered(form), load)
}

// rememberTotal keeps the total alone: it is the same on every page and under
// every order, and costs far more than a page.
func (k *Kind[T, R]) rememberTotal(ctx context.Context, src Source, r Reader, q Query, load func(context.Context) (int, error)) (int, error) {
	q.Sort, q.Cursor, q.Limit, q.NoTotal = "", "", 0, false
	it, err := k.item("total", r, q)
	if err != nil {
		return 0, err
	}
	return cache.Remember(ctx, src.Cache, it, totals, load)
}

// item names a value by all fields of the query, those too that are added later, by
// the part of the records that the reader sees, and, where a filter may speak of
// today or of me, by the day and the person.
func (k *Kind[T, R]) item(what string, r Reader, q Query) (cache.Item, error) {
	q.Text = strings.TrimSpace(q.Text)
	query, err := json.Marshal(q)
	if err != nil {
		return cache.Item{}, fmt.Errorf("name a list of %s: %w", k.Name, err)
	}
	key := strings.Join([]string{k.Name, what, r.Scope, string(query)}, " ")
	if q.Filter != "" {
		zone := r.Asker.Location
		key += " " + r.Asker.Now.In(zone).Format(time.DateOnly) + " " + zone.String() + " " + r.Asker.ID.String()
	}
	return cache.Item{Tenant: r.Tenant, Key: key, Tags: k.Tags, TTL: life}, nil
}
