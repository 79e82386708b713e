// Package threeway joins two changes of one record field by field, when both began
// from the same version of it. It knows no entity: a record is a struct whose
// fields carry JSON names.
package threeway

import (
	"reflect"
	"strings"

	"payaid/internal/apperr"
)

// Conflict is the error of a change in which fields were changed differently by
// somebody else meanwhile. It is an apperr.Conflict that carries the current
// version and names the fields.
type Conflict[T any] struct {
	Cause  *apperr.Error
	Merged T        // both changes together; where they contradict each other, mine
	Fields []string // the JSON names of the fields that contradict each other
}

// Error is for logs.
func (c *Conflict[T]) Error() string {
	return c.Cause.Error() + " (" + strings.Join(c.Fields, ", ") + ")"
}

// Unwrap makes the apperr error the one that answers.
func (c *Conflict[T]) Unwrap() error { return c.Cause }

// Merge returns the values of mine over theirs, both made from base, and the JSON
// names of the fields in which they contradict each other; there the value is
// mine. Without a base every field in which they differ contradicts.
//
// A field contradicts when both changed it, and not to the same. T must be a struct
// with exported fields; a field without a JSON name has no part in it and is
// theirs.
func Merge[T any](base *T, mine, theirs T) (merged T, conflicts []string) {
	merged = theirs
	m, t, out := reflect.ValueOf(mine), reflect.ValueOf(theirs), reflect.ValueOf(&merged).Elem()
	for i := range m.NumField() {
		name, _, _ := strings.Cut(m.Type().Field(i).Tag.Get("json"), ",")
		if name == "" || same(m.Field(i), t.Field(i)) {
			continue
		}
		if base != nil {
			b := reflect.ValueOf(*base).Field(i)
			if same(m.Field(i), b) {
				continue // theirs alone
			}
			if !same(t.Field(i), b) {
				conflicts = append(conflicts, name)
			}
		} else {
			conflicts = append(conflicts, name)
		}
		out.Field(i).Set(m.Field(i))
	}
	return merged, conflicts
}

func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true // nil or empty: nothing
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
