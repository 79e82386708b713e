package backup

import (
	"fmt"
	"slices"
	"strings"
)

// The statements below take rows as one JSON array in $1 and the time in $2. Each of
// them names the tenant by its guard, which row level security checks as well.

// records is the array $1 as rows of the table.
func (t *tenantTable) records() string {
	return "jsonb_populate_recordset(NULL::" + t.identifier() + ", $1::jsonb)"
}

// record is one JSON object as a row of the table.
func (t *tenantTable) record(json string) string {
	return "jsonb_populate_record(NULL::" + t.identifier() + ", " + json + ")"
}

func (t *tenantTable) statement(a action) string {
	switch a {
	case insert:
		return t.insertion()
	case undelete:
		return t.update(t.undeletion(), "t.deleted_at IS NOT NULL")
	case trash:
		return t.update([]string{"deleted_at = $2::timestamptz"}, "t.deleted_at IS NULL")
	default:
		return t.update(t.reversion(), "true")
	}
}

func (t *tenantTable) insertion() string {
	columns := t.written()
	values := make([]string, len(columns))
	for i, name := range columns {
		values[i] = t.value(name)
	}
	if t.has(columnVersion) {
		columns, values = append(columns, columnVersion), append(values, "r.version + 1")
	}
	if t.has(columnUpdated) {
		columns, values = append(columns, columnUpdated), append(values, "$2::timestamptz")
	}
	for i, name := range columns {
		columns[i] = quote(name)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s r WHERE $2::timestamptz IS NOT NULL", t.identifier(), strings.Join(columns, ", "), strings.Join(values, ", "), t.records())
}

// undeletion leaves everything as it is that was edited before the row went into the
// trash.
func (t *tenantTable) undeletion() []string {
	var sets []string
	for _, name := range t.written() {
		if strings.HasPrefix(name, "deleted_") {
			sets = append(sets, quote(name)+" = "+t.value(name))
		}
	}
	return sets
}

func (t *tenantTable) reversion() []string {
	var sets []string
	for _, name := range t.compared() {
		sets = append(sets, quote(name)+" = "+t.value(name))
	}
	return sets
}

// update raises the version, which must never come again with other values.
func (t *tenantTable) update(sets []string, when string) string {
	if t.has(columnVersion) {
		sets = append(sets, "version = t.version + 1")
	}
	if t.has(columnUpdated) {
		sets = append(sets, "updated_at = $2::timestamptz")
	}
	return fmt.Sprintf("UPDATE %s t SET %s FROM %s r WHERE %s AND %s AND $2::timestamptz IS NOT NULL", t.identifier(), strings.Join(sets, ", "), t.records(), t.sameKey(), when)
}

func (t *tenantTable) sameKey() string {
	on := []string{"t.tenant_id = public.app_tenant()"}
	for _, name := range t.key {
		on = append(on, fmt.Sprintf("t.%[1]s = r.%[1]s", quote(name)))
	}
	return strings.Join(on, " AND ")
}

// value is what a column is restored to: NULL where it refers to what is gone and
// may be NULL, as it would have become when that went.
func (t *tenantTable) value(column string) string {
	value := "r." + quote(column)
	var exist []string
	for _, l := range t.links {
		if slices.Contains(l.loose, column) {
			exist = append(exist, l.exists())
		}
	}
	if len(exist) == 0 {
		return value
	}
	return "CASE WHEN " + strings.Join(exist, " AND ") + " THEN " + value + " END"
}

// exists is the condition that what r refers to is there.
func (l link) exists() string {
	on := make([]string, len(l.columns))
	for i := range l.columns {
		on[i] = "x." + quote(l.targets[i]) + " = r." + quote(l.columns[i])
	}
	return "EXISTS (SELECT FROM public." + quote(l.to) + " x WHERE " + strings.Join(on, " AND ") + ")"
}

// countDetached counts references to what is gone, "" for a table without such.
func (t *tenantTable) countDetached() string {
	var counts []string
	for _, l := range t.links {
		if len(l.loose) > 0 && !l.late {
			counts = append(counts, fmt.Sprintf("count(*) FILTER (WHERE r.%s IS NOT NULL AND NOT %s)", quote(l.loose[0]), l.exists()))
		}
	}
	if len(counts) == 0 {
		return ""
	}
	return "SELECT " + strings.Join(counts, " + ") + " FROM " + t.records() + " r"
}

func (t *tenantTable) hasLate() bool {
	return slices.ContainsFunc(t.links, func(l link) bool { return l.late })
}

// keepLate remembers rows whose references may come later, "" for a table without
// such.
func (t *tenantTable) keepLate() string {
	var some []string
	for _, l := range t.links {
		if l.late {
			some = append(some, "r."+quote(l.loose[0])+" IS NOT NULL")
		}
	}
	if len(some) == 0 {
		return ""
	}
	return "INSERT INTO pg_temp.restored_links SELECT " + literal(t.name) + ", to_jsonb(r) FROM " + t.records() + " r WHERE " + strings.Join(some, " OR ")
}

// fillLate sets a reference of the rows remembered under the name $1.
func (t *tenantTable) fillLate(l link) string {
	sets := make([]string, len(l.loose))
	for i, name := range l.loose {
		sets[i] = fmt.Sprintf("%[1]s = r.%[1]s", quote(name))
	}
	return fmt.Sprintf("UPDATE %s t SET %s FROM pg_temp.restored_links l, %s r WHERE l.name = $1 AND %s AND r.%s IS NOT NULL AND %s",
		t.identifier(), strings.Join(sets, ", "), t.record("l.row"), t.sameKey(), quote(l.loose[0]), l.exists())
}
