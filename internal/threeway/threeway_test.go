package threeway_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"payaid/internal/apperr"
	"payaid/internal/threeway"
)

type record struct {
	Name  string   `json:"name"`
	Phone string   `json:"phone,omitempty"`
	Tags  []string `json:"tags"`
	Owner *int     `json:"ownerId"`
	Local string
}

func TestMerge(t *testing.T) {
	one, alsoOne, two := 1, 1, 2
	base := record{Name: "A", Phone: "1", Tags: []string{"x"}, Owner: &one, Local: "base"}
	for name, c := range map[string]struct {
		base         *record
		mine, theirs record
		want         record
		conflicts    []string
	}{
		"nobody":               {&base, base, base, base, nil},
		"only mine":            {&base, record{"B", "1", []string{"x"}, &one, "mine"}, base, record{"B", "1", []string{"x"}, &one, "base"}, nil},
		"only theirs":          {&base, base, record{"B", "1", nil, &two, ""}, record{"B", "1", nil, &two, ""}, nil},
		"each another field":   {&base, record{"B", "1", []string{"x"}, &one, ""}, record{"A", "2", []string{"x"}, &one, ""}, record{"B", "2", []string{"x"}, &one, ""}, nil},
		"both the same":        {&base, record{"B", "1", []string{"y"}, nil, ""}, record{"B", "1", []string{"y"}, nil, ""}, record{"B", "1", []string{"y"}, nil, ""}, nil},
		"both, differently":    {&base, record{"B", "1", []string{"x"}, &two, ""}, record{"C", "1", []string{"x"}, nil, ""}, record{"B", "1", []string{"x"}, &two, ""}, []string{"name", "ownerId"}},
		"mine back to nothing": {&base, record{"A", "", nil, &one, ""}, record{"A", "2", []string{"x"}, &one, ""}, record{"A", "", nil, &one, ""}, []string{"phone"}},
		"equal behind pointers": {&base, record{"A", "1", []string{}, &alsoOne, ""}, record{"A", "1", []string{"x"}, &one, ""},
			record{"A", "1", []string{}, &one, ""}, nil},
		"no base":                {nil, record{"B", "1", nil, &one, ""}, record{"A", "1", []string{}, &alsoOne, ""}, record{"B", "1", []string{}, &alsoOne, ""}, []string{"name"}},
		"no base and no quarrel": {nil, base, base, base, nil},
	} {
		got, conflict := threeway.Merge(c.base, c.mine, c.theirs)
		var fields []string
		if conflict != nil {
			fields = conflict.Fields
		}
		if !reflect.DeepEqual(got, c.want) || !reflect.DeepEqual(fields, c.conflicts) {
			t.Errorf("%s: %+v, %v", name, got, fields)
		}
	}
}

// What was changed by me alone is named beside what contradicts, so that a form can be
// filled with both.
func TestAConflictNamesWhatIsMine(t *testing.T) {
	base := record{Name: "A", Phone: "1"}
	_, conflict := threeway.Merge(&base, record{Name: "B", Phone: "2"}, record{Name: "C", Phone: "1", Tags: []string{"theirs"}})
	if conflict == nil || !reflect.DeepEqual(conflict.Mine, []string{"name", "phone"}) || !reflect.DeepEqual(conflict.Fields, []string{"name"}) {
		t.Errorf("%+v", conflict)
	}
}

func TestAConflictAnswersAsOne(t *testing.T) {
	var err error = &threeway.Conflict{Cause: apperr.New(apperr.Conflict, "changed"), Fields: []string{"name"}}
	err = fmt.Errorf("save: %w", err)
	if !apperr.Is(err, apperr.Conflict) {
		t.Error("it is no conflict to whoever answers it")
	}
	if c, ok := errors.AsType[*threeway.Conflict](err); !ok || len(c.Fields) != 1 {
		t.Error("it is not found again")
	}
}
