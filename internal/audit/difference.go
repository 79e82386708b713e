package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is one field that became different. A field that was or became absent,
// null or empty reads "".
type Change struct {
	Field, Before, After string
}

// bookkeeping changes with every write and tells a reader nothing.
var bookkeeping = []string{"id", "version", "updatedAt", "createdAt"}

func entry(r row) (Entry, error) {
	e := Entry{
		ID: r.ID, At: r.Time, ActorID: r.ActorID, ActorKind: r.ActorKind, Actor: r.ActorName, IP: r.IP, RequestID: r.RequestID,
		Action: r.Action, Entity: r.Entity, EntityID: r.EntityID, Exists: r.Found, First: len(r.Before) == 0,
	}
	var err error
	if e.Changes, err = differences(r.Before, r.After); err != nil {
		return Entry{}, fmt.Errorf("read audit entry %s: %w", r.ID, err)
	}
	return e, nil
}

// differences compares two snapshots field by field, in the order of the names.
func differences(before, after []byte) ([]Change, error) {
	was, err := fields(before)
	if err != nil {
		return nil, err
	}
	is, err := fields(after)
	if err != nil {
		return nil, err
	}
	names := slices.Collect(maps.Keys(was))
	for name := range is {
		if _, both := was[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []Change
	for _, name := range names {
		c := Change{Field: name, Before: text(was[name]), After: text(is[name])}
		if c.Before != c.After && !slices.Contains(bookkeeping, name) && !named(name, was, is) {
			out = append(out, c)
		}
	}
	return out, nil
}

// named reports whether the field is the id of something that another field names:
// ownerId beside owner.
func named(name string, was, is map[string]any) bool {
	of, isID := strings.CutSuffix(name, "Id")
	_, before := was[of]
	_, after := is[of]
	return isID && (before || after)
}

// fields reads a snapshot. One that is no object is a single field.
func fields(snapshot []byte) (map[string]any, error) {
	if len(snapshot) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(strings.NewReader(string(snapshot)))
	d.UseNumber() // paise beyond 2^53 stay exact
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if object, ok := v.(map[string]any); ok {
		return object, nil
	}
	return map[string]any{"value": v}, nil
}

// text is a value as a person reads it: lists by commas, objects as name: value.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = text(one)
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, name+": "+text(v[name]))
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}
