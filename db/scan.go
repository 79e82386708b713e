package db

import (
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"
)

// collectRows reads all rows into structs, each column into the field of its name:
// as pgx.RowToStructByName does, which looks the names up again for each row. T must
// have a field for every column, and may not have others.
func collectRows[T any](rows pgx.Rows) ([]T, error) {
	defer rows.Close()
	var row, zero T
	byName := map[string]any{}
	fieldsOf(reflect.ValueOf(&row).Elem(), byName)
	columns := rows.FieldDescriptions()
	targets := make([]any, len(columns))
	for i, c := range columns {
		target, ok := byName[c.Name]
		if !ok {
			return nil, fmt.Errorf("db: %T has no field for the column %s", row, c.Name)
		}
		targets[i] = target
	}
	if len(columns) < len(byName) && rows.Err() == nil {
		return nil, fmt.Errorf("db: %T has %d fields for %d columns", row, len(byName), len(columns))
	}
	var all []T
	_, err := pgx.ForEachRow(rows, targets, func() error {
		all, row = append(all, row), zero
		return nil
	})
	return all, err
}

// fieldsOf notes where the fields lie, those of embedded structs among them.
func fieldsOf(v reflect.Value, byName map[string]any) {
	for field, value := range v.Fields() {
		if name := field.Tag.Get("db"); name != "" {
			byName[name] = value.Addr().Interface()
		} else if field.Anonymous {
			fieldsOf(value, byName)
		}
	}
}
