package list

import (
	"strings"

	"payaid/internal/filter"
	"payaid/views/ui"
)

// FilterProps are what the form of one condition shows.
type FilterProps struct {
	Entity
	At      Address // the list that the condition is added to
	Field   filter.Field
	Choices []ui.Option // values to choose from where the field does not list them itself
	Dialog  bool
}

// Chip is one condition of a list, with the list without it.
type Chip struct {
	Label string
	Href  string
}

// chips are the conditions of the filter that all hold.
func (p Props) chips() []Chip {
	where, err := filter.Parse(p.At.Filter, p.Fields)
	if err != nil {
		return nil
	}
	factors := where.Factors()
	out := make([]Chip, len(factors))
	for i, f := range factors {
		rest := append(append([]filter.Expr{}, factors[:i]...), factors[i+1:]...)
		without := p.At
		without.Filter, without.Cursor = filter.Join(rest...).String(), ""
		out[i] = Chip{Label: describe(p.Fields, f), Href: p.URL(without)}
	}
	return out
}

// describe is a filter in words.
func describe(fields filter.Fields, e filter.Expr) string {
	switch e.Op {
	case filter.Not:
		return "Not " + describe(fields, e.Parts[0])
	case filter.Is:
		field, _ := fields.Find(e.Field)
		values := make([]string, len(e.Values))
		for i, v := range e.Values {
			values[i] = describeValue(field, v)
		}
		return field.Label + ": " + strings.Join(values, ", ")
	}
	parts, between := make([]string, len(e.Parts)), " and "
	if e.Op == filter.Or {
		between = " or "
	}
	for i, p := range e.Parts {
		parts[i] = describe(fields, p)
	}
	return strings.Join(parts, between)
}

func describeValue(f filter.Field, v filter.Value) string {
	switch {
	case v.Quoted:
		return v.Text
	case v.Text == filter.None && f.Empty != "":
		return "not known"
	case v.Text == filter.Any && f.Empty != "":
		return "known"
	case f.Kind == filter.Choice:
		return sayChoice(f, v.Text)
	case f.Kind == filter.Number, f.Kind == filter.Day, f.Kind == filter.Moment:
		return describeRange(v.Text)
	}
	return v.Text
}

// sayChoice is a choice as people read it.
func sayChoice(f filter.Field, choice string) string {
	if f.Say != nil {
		return f.Say(choice)
	}
	return Label(choice)
}

// describeRange writes out a range: "from 50", "up to today", "1 to 5".
func describeRange(s string) string {
	words := func(s string) string {
		if len(s) > 0 && s[0] >= '0' && s[0] <= '9' {
			return s
		}
		return strings.ReplaceAll(s, "-", " ")
	}
	from, to, isRange := strings.Cut(s, "..")
	switch {
	case !isRange:
		return words(from)
	case from == "":
		return "up to " + words(to)
	case to == "":
		return "from " + words(from)
	}
	return words(from) + " to " + words(to)
}

// filterURL is the form of a condition on the field.
func (e Entity) filterURL(a Address, field string) string {
	a.Cursor = ""
	params := a.params()
	params["field"] = field
	return At(e.Path+"/filter", params)
}

func (p FilterProps) heading() string {
	return "Filter by " + strings.ToLower(p.Field.Label[:1]) + p.Field.Label[1:]
}

// choices are the values that the form offers, if there are few.
func (p FilterProps) choices() []ui.Option {
	if len(p.Choices) > 0 {
		return p.Choices
	}
	out := make([]ui.Option, len(p.Field.Choices))
	for i, choice := range p.Field.Choices {
		out[i] = ui.Option{Value: choice, Label: sayChoice(p.Field, choice)}
	}
	return out
}

func (p FilterProps) isDate() bool {
	return p.Field.Kind == filter.Day || p.Field.Kind == filter.Moment
}

// periods are the days of a date that people mean most.
func (p FilterProps) periods() []ui.Option {
	out := []ui.Option{{Value: "", Label: "Between two days"}}
	for _, s := range []string{"today", "yesterday", "this-week", "last-week", "last-7-days", "last-30-days", "last-90-days", "this-month", "last-month"} {
		out = append(out, ui.Option{Value: s, Label: Label(strings.ReplaceAll(s, "-", " "))})
	}
	if p.Field.Kind == filter.Day { // a day in the future makes sense
		out = append(out, ui.Option{Value: "..yesterday", Label: "Overdue"})
		for _, s := range []string{"tomorrow", "next-7-days", "next-week", "next-30-days", "next-month"} {
			out = append(out, ui.Option{Value: s, Label: Label(strings.ReplaceAll(s, "-", " "))})
		}
	}
	return out
}

// emptiness offers none and any, where a field can be empty.
var emptiness = []ui.Option{{Value: "", Label: "Has the value below"}, {Value: filter.Any, Label: "Is known, whatever it is"}, {Value: filter.None, Label: "Is not known"}}
