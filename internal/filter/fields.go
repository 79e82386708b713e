package filter

import (
	"slices"
	"strconv"
	"strings"
)

// Kind is what the values of a field are.
type Kind int

// The kinds.
const (
	Choice Kind = iota // one of Choices
	Words              // any text, whatever its case
	Number             // a whole number, or a range
	Day                // a day, a period or a range of days; Column is a date
	Moment             // the same for a Column of type timestamptz
)

// Field is one thing that a list is filtered by. Column, Match, Empty and IsMe are
// SQL that the area wrote: nothing of what a user says becomes part of it.
type Field struct {
	Name    string // as in the filter and the API: "createdAt"
	Label   string // for people
	Kind    Kind
	Choices []string                   // of Choice
	Say     func(choice string) string // for people; nil where the choices are words
	Column  string                     // of all but Words
	Match   string                     // of Words: a condition in which ? is an array of texts in lower case
	Empty   string                     // the condition that there is no value; "" when there always is one
	IsMe    string                     // a condition in which ? is the id of who asks; "" where that makes no sense
}

// Fields are those of one list.
type Fields []Field

// Find returns the field of that name.
func (f Fields) Find(name string) (Field, bool) {
	i := slices.IndexFunc(f, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return f[i], true
}

func (f Fields) names() string {
	names := make([]string, len(f))
	for i, field := range f {
		names[i] = field.Name
	}
	return strings.Join(names, ", ")
}

// example is a condition that the list knows.
func (f Fields) example() string {
	if len(f) > 0 && len(f[0].Choices) > 0 {
		return f[0].Name + ":" + f[0].Choices[0]
	}
	return "field:value"
}

// special reports whether the value is a word that the field gives a meaning.
func (f Field) special(v Value) bool {
	return f.Empty != "" && (v.is(None) || v.is(Any)) || f.IsMe != "" && v.is(Me)
}

// refuse says why the value cannot be one of the field's, or "".
func (f Field) refuse(v Value) string {
	if f.special(v) {
		return ""
	}
	switch f.Kind {
	case Choice:
		if !slices.Contains(f.Choices, strings.ToLower(v.Text)) {
			return f.Name + " is one of " + strings.Join(f.Choices, ", ") + f.orEmpty() + "."
		}
	case Number:
		if _, ok := parseNumbers(v.Text); !ok {
			return f.Name + " is a whole number or a range: 50, 50.., ..20 or 20..80" + f.orEmpty() + "."
		}
	case Day, Moment:
		if _, ok := parseDays(v.Text); !ok {
			return f.Name + " is a day (2026-11-22), a month (2026-11), today, yesterday, tomorrow, this-week, last-month, last-30-days, next-7-days or the like, or a range with .. between two of them" + f.orEmpty() + "."
		}
	}
	return ""
}

func (f Field) orEmpty() string {
	if f.Empty == "" {
		return ""
	}
	return ", or none, or any"
}

// numbers is a range of numbers, both ends included; nil is open.
type numbers struct{ from, to *int }

func parseNumbers(s string) (numbers, bool) {
	from, to, isRange := strings.Cut(s, "..")
	if !isRange {
		to = from
	}
	a, ok := parseNumber(from)
	b, also := parseNumber(to)
	return numbers{a, b}, ok && also && (a != nil || b != nil)
}

func parseNumber(s string) (*int, bool) {
	if s == "" {
		return nil, true
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return nil, false
	}
	number := int(n)
	return &number, true
}
