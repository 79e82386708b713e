package backup

import (
	"context"
	_ "embed" // tenant_tables.sql
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

//go:embed tenant_tables.sql
var tenantTablesQuery string

// readTenantTables lists the tables that hold rows of tenants, those that others
// refer to first, without what is left out.
func readTenantTables(ctx context.Context, q querier) ([]*tenantTable, error) {
	rows, err := q.Query(ctx, tenantTablesQuery)
	if err != nil {
		return nil, fmt.Errorf("list the tables of a business: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanTenantTable)
	if err != nil {
		return nil, fmt.Errorf("list the tables of a business: %w", err)
	}
	all = slices.DeleteFunc(all, func(t *tenantTable) bool { return t.rule.use == leftOut })
	return byReference(all), nil
}

func scanTenantTable(row pgx.CollectableRow) (*tenantTable, error) {
	t := &tenantTable{}
	var columns, links, uniques []byte
	if err := row.Scan(&t.name, &columns, &t.key, &links, &uniques); err != nil {
		return nil, err
	}
	t.rule = tenantRules[t.name]
	var found []struct {
		Name, To         string
		Columns, Targets []string
	}
	for text, into := range map[*[]byte]any{&columns: &t.columns, &links: &found, &uniques: &t.uniques} {
		if err := json.Unmarshal(*text, into); err != nil {
			return nil, err
		}
	}
	for _, l := range found {
		loose := slices.DeleteFunc(slices.Clone(l.Columns), t.requires)
		t.links = append(t.links, link{name: l.Name, to: l.To, columns: l.Columns, targets: l.Targets, loose: loose})
	}
	return t, nil
}

func (t *tenantTable) requires(column string) bool {
	return slices.ContainsFunc(t.columns, func(c tenantColumn) bool { return c.Name == column && c.Required })
}

// byReference puts tables behind those they refer to, and marks the references for
// which that is not possible: those to themselves and in circles.
func byReference(all []*tenantTable) []*tenantTable {
	var done []*tenantTable
	isDone := func(name string) bool {
		return slices.ContainsFunc(done, func(t *tenantTable) bool { return t.name == name })
	}
	waits := func(t *tenantTable) bool {
		return slices.ContainsFunc(t.links, func(l link) bool {
			return !isDone(l.to) && slices.ContainsFunc(all, func(o *tenantTable) bool { return o.name == l.to && o != t })
		})
	}
	left := slices.Clone(all)
	for len(left) > 0 {
		i := max(0, slices.IndexFunc(left, func(t *tenantTable) bool { return !waits(t) }))
		t := left[i]
		left = slices.Delete(left, i, i+1)
		for k, l := range t.links {
			t.links[k].late = len(l.loose) > 0 && !isDone(l.to) && slices.ContainsFunc(all, func(o *tenantTable) bool { return o.name == l.to })
		}
		done = append(done, t)
	}
	return done
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
