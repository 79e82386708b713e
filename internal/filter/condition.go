package filter

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// Asker is who filters, and when: what "me" and "today" mean.
type Asker struct {
	ID       uuid.UUID // uuid.Nil is nobody
	Now      time.Time
	Location *time.Location
}

// today is the asker's day, as midnight in UTC.
func (a Asker) today() time.Time {
	y, m, d := a.Now.In(a.Location).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// start is the instant at which the day begins where the asker is.
func (a Asker) start(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, a.Location)
}

// Condition translates a filter that Parse made over the same fields to SQL. Each ?
// in it stands for the next of args. The text depends on the fields and the shape
// of the filter only, never on a value.
func (f Fields) Condition(e Expr, a Asker) (sql string, args []any) {
	c := &compiler{fields: f, asker: a}
	return c.expr(e), c.args
}

type compiler struct {
	fields Fields
	asker  Asker
	args   []any
}

func (c *compiler) expr(e Expr) string {
	switch e.Op {
	case Not:
		return "(" + c.expr(e.Parts[0]) + ") IS NOT TRUE" // what is unknown does not hold
	case Is:
		return c.term(e)
	}
	if len(e.Parts) == 0 {
		return "true"
	}
	between := " AND "
	if e.Op == Or {
		between = " OR "
	}
	parts := make([]string, len(e.Parts))
	for i, p := range e.Parts {
		parts[i] = "(" + c.expr(p) + ")"
	}
	return strings.Join(parts, between)
}

// term holds when one of the values does. Plain texts become one array.
func (c *compiler) term(e Expr) string {
	f, ok := c.fields.Find(e.Field)
	if !ok {
		return "false"
	}
	var any []string
	var texts []string
	for _, v := range e.Values {
		switch {
		case f.special(v) && v.is(None):
			any = append(any, "("+f.Empty+")")
		case f.special(v) && v.is(Any):
			any = append(any, "("+f.Empty+") IS NOT TRUE")
		case f.special(v):
			c.args = append(c.args, c.asker.ID)
			any = append(any, "("+f.IsMe+")")
		case f.Kind == Choice || f.Kind == Words:
			texts = append(texts, strings.ToLower(v.Text))
		default:
			any = append(any, "("+c.span(f, v)+")")
		}
	}
	if len(texts) > 0 {
		c.args = append(c.args, texts)
		match := f.Match
		if f.Kind == Choice {
			match = f.Column + " = ANY (?::text[])"
		}
		any = append(any, "("+match+")")
	}
	return strings.Join(any, " OR ")
}

// span is the condition that the column lies in the range of the value.
func (c *compiler) span(f Field, v Value) string {
	var from, behind any
	kind, below := "?::int", " <= "
	if f.Kind == Number {
		n, _ := parseNumbers(v.Text)
		if n.from != nil {
			from = *n.from
		}
		if n.to != nil {
			behind = *n.to
		}
	} else {
		d, _ := parseDays(v.Text)
		first, last := d.around(c.asker.today())
		kind, below = "?::timestamptz", " < "
		day := func(t *time.Time) any {
			switch {
			case t == nil:
				return nil
			case f.Kind == Day:
				return t.Format(time.DateOnly)
			}
			return c.asker.start(*t)
		}
		if f.Kind == Day {
			kind = "?::text::date"
		}
		from, behind = day(first), day(last)
	}
	var all []string
	if from != nil {
		c.args, all = append(c.args, from), append(all, f.Column+" >= "+kind)
	}
	if behind != nil {
		c.args, all = append(c.args, behind), append(all, f.Column+below+kind)
	}
	return strings.Join(all, " AND ")
}
