package crm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/change"
	"payaid/internal/filter"
	"payaid/internal/listing"
)

// tagViews is how many saved views are read at once.
const tagViews = 500

// rewriteViews lets the saved views of everybody that ask for the old name ask for
// the new one, so that they go on showing what they showed.
func (r tagRun) rewriteViews(ctx context.Context, tx *change.Tx) error {
	var events []change.Event
	after := uuid.Nil
	for {
		views, err := tx.Q.ListTagFilters(ctx, db.ListTagFiltersParams{TenantID: r.tenant, After: after, Most: tagViews})
		if err != nil {
			return fmt.Errorf("list the views that ask for tags: %w", err)
		}
		for _, v := range views {
			after = v.ID
			renamed := renameInFilter(v.Filter, r.lists[v.Entity].Fields, r.row.FromName, r.row.ToName)
			if renamed == v.Filter {
				continue
			}
			if err := tx.Q.SetViewFilter(ctx, db.SetViewFilterParams{TenantID: r.tenant, ID: v.ID, Filter: renamed, Now: tx.Now}); err != nil {
				return fmt.Errorf("rewrite a view: %w", err)
			}
			events = append(events, change.Event{
				Action: "view.update", Entity: entityView, EntityID: v.ID,
				Before: map[string]string{"filter": v.Filter}, After: map[string]string{"filter": renamed},
			})
		}
		if len(views) < tagViews {
			return tx.RecordAll(ctx, events)
		}
	}
}

// renameInFilter is the filter with another tag in the place of one. A filter that
// cannot be read, or would become too long, stays.
func renameInFilter(text string, fields filter.Fields, from, to string) string {
	where, err := listing.Where(text, fields)
	if err != nil {
		return text
	}
	renamed := renameTag(where, from, to).String()
	if _, err := listing.Where(renamed, fields); err != nil || renamed == where.String() {
		return text
	}
	return renamed
}

func renameTag(e filter.Expr, from, to string) filter.Expr {
	e.Parts = slices.Clone(e.Parts)
	for i, part := range e.Parts {
		e.Parts[i] = renameTag(part, from, to)
	}
	if e.Op != filter.Is || e.Field != "tag" {
		return e
	}
	values := make([]filter.Value, 0, len(e.Values))
	for _, v := range e.Values {
		if normalTag(v.Text) == from && (v.Quoted || !wordOfFilter(v.Text)) {
			v = filter.Value{Text: to, Quoted: wordOfFilter(to)}
		}
		if !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	e.Values = values
	return e
}

// wordOfFilter reports whether the text means something else in a filter unless it
// stands in quotes.
func wordOfFilter(text string) bool {
	return slices.Contains([]string{filter.None, filter.Any, filter.Me}, strings.ToLower(text))
}
