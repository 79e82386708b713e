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
// version and names the fields, by their JSON names.
type Conflict struct {
	Cause  *apperr.Error
	Mine   []string // the fields that would be mine if mine had its way; the others are theirs
	Fields []string // those of them that contradict each other
}

// Error is for logs.
func (c *Conflict) Error() string {
	return c.Cause.Error() + " (" + strings.Join(c.Fields, ", ") + ")"
}

// Unwrap makes the apperr error the one that answers.
func (c *Conflict) Unwrap() error { return c.Cause }

// Merge returns the values of mine over theirs, both made from base. The conflict
// is nil unless they contradict each other, and without its Cause; merged is mine
// there. Without a base every field in which they differ contradicts.
//
// A field contradicts when both changed it, and not to the same. T must be a struct
// with exported fields; a field without a JSON name has no part in it and is
// theirs.
func Merge[T any](base *T, mine, theirs T) (merged T, conflict *Conflict) {
	merged = theirs
	m, t, out := reflect.ValueOf(mine), reflect.ValueOf(theirs), reflect.ValueOf(&merged).Elem()
	var all Conflict
	for i := range m.NumField() {
		name, _, _ := strings.Cut(m.Type().Field(i).Tag.Get("json"), ",")
		if name == "" || same(m.Field(i), t.Field(i)) {
			continue
		}
		contradicts := base == nil
		if base != nil {
			b := reflect.ValueOf(*base).Field(i)
			if same(m.Field(i), b) {
				continue // theirs alone
			}
			contradicts = !same(t.Field(i), b)
		}
		all.Mine = append(all.Mine, name)
		if contradicts {
			all.Fields = append(all.Fields, name)
		}
		out.Field(i).Set(m.Field(i))
	}
	if len(all.Fields) == 0 {
		return merged, nil
	}
	return merged, &all
}

func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true // nil or empty: nothing
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
