package filter

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Parse reads a filter over the fields. The error is an *Error.
func Parse(text string, fields Fields) (Expr, error) {
	p := &parser{text: []rune(text), fields: fields}
	if len(p.text) > MaxLength {
		return Expr{}, &Error{MaxLength, fmt.Sprintf("A filter has at most %d characters.", MaxLength)}
	}
	if p.space(); p.end() {
		return Expr{}, nil
	}
	e, err := p.or(0)
	if err == nil && !p.end() {
		err = p.fail("There is no ( for this ).")
	}
	if err != nil {
		return Expr{}, err
	}
	return e, nil
}

type parser struct {
	text   []rune
	at     int
	terms  int
	fields Fields
}

func (p *parser) end() bool { return p.at >= len(p.text) }

func (p *parser) fail(format string, args ...any) error {
	return &Error{p.at + 1, fmt.Sprintf(format, args...)}
}

func (p *parser) space() {
	for !p.end() && unicode.IsSpace(p.text[p.at]) {
		p.at++
	}
}

// take goes on behind r when it comes next.
func (p *parser) take(r rune) bool {
	if p.end() || p.text[p.at] != r {
		return false
	}
	p.at++
	return true
}

// word goes on behind the word when it stands here alone.
func (p *parser) word(w string) bool {
	end := p.at
	for end < len(p.text) && plain(p.text[end]) {
		end++
	}
	if !strings.EqualFold(string(p.text[p.at:end]), w) || end < len(p.text) && p.text[end] == ':' {
		return false
	}
	p.at = end
	return true
}

func (p *parser) or(depth int) (Expr, error) {
	return p.list(Or, func() (Expr, error) { return p.and(depth) }, func() bool { return p.word("or") })
}

func (p *parser) and(depth int) (Expr, error) {
	return p.list(And, func() (Expr, error) { return p.factor(depth) }, func() bool {
		start := p.at
		if p.end() || p.text[p.at] == ')' || p.word("or") {
			p.at = start
			return false
		}
		p.word("and")
		return true
	})
}

// list reads parts as long as another one follows. Lists inside lists of the same
// kind become one.
func (p *parser) list(op Op, part func() (Expr, error), follows func() bool) (Expr, error) {
	all := Expr{Op: op}
	for {
		p.space()
		e, err := part()
		if err != nil {
			return Expr{}, err
		}
		if e.Op == op {
			all.Parts = append(all.Parts, e.Parts...)
		} else {
			all.Parts = append(all.Parts, e)
		}
		if p.space(); !follows() {
			break
		}
	}
	if len(all.Parts) == 1 {
		return all.Parts[0], nil
	}
	return all, nil
}

func (p *parser) factor(depth int) (Expr, error) {
	if depth > MaxDepth {
		return Expr{}, p.fail("This is nested too deeply: at most %d times.", MaxDepth)
	}
	switch {
	case p.take('-') || p.word("not"):
		p.space()
		e, err := p.factor(depth + 1)
		if err != nil {
			return Expr{}, err
		}
		if e.Op == Not {
			return e.Parts[0], nil
		}
		return Expr{Op: Not, Parts: []Expr{e}}, nil
	case p.take('('):
		e, err := p.or(depth + 1)
		if err != nil {
			return Expr{}, err
		}
		if p.space(); !p.take(')') {
			return Expr{}, p.fail("A ) is missing here.")
		}
		return e, nil
	}
	return p.term()
}

func (p *parser) term() (Expr, error) {
	start := p.at
	for !p.end() && (unicode.IsLetter(p.text[p.at]) || unicode.IsDigit(p.text[p.at])) {
		p.at++
	}
	name := string(p.text[start:p.at])
	if name == "" || !p.take(':') {
		p.at = start
		return Expr{}, p.fail("A condition is missing here, such as %s. To search for words, use the search field.", p.fields.example())
	}
	i := slices.IndexFunc(p.fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
	if i < 0 {
		p.at = start
		return Expr{}, p.fail("There is no field %q. Use one of %s.", name, p.fields.names())
	}
	if p.terms++; p.terms > MaxTerms {
		return Expr{}, p.fail("A filter has at most %d conditions.", MaxTerms)
	}
	e := Expr{Op: Is, Field: p.fields[i].Name}
	for {
		at := p.at
		v, err := p.value()
		if err != nil {
			return Expr{}, err
		}
		if reason := p.fields[i].refuse(v); reason != "" {
			return Expr{}, &Error{at + 1, reason}
		}
		if e.Values = append(e.Values, v); len(e.Values) > MaxValues {
			return Expr{}, p.fail("A condition has at most %d values.", MaxValues)
		}
		if !p.take(',') {
			break
		}
	}
	if !p.end() && !unicode.IsSpace(p.text[p.at]) && p.text[p.at] != ')' {
		return Expr{}, p.fail("A space is missing here, or quotes around the value.")
	}
	return e, nil
}

func (p *parser) value() (Value, error) {
	if p.take('"') {
		return p.quoted()
	}
	start := p.at
	for !p.end() && plain(p.text[p.at]) {
		p.at++
	}
	if p.at == start {
		return Value{}, p.fail("A value is missing here.")
	}
	return Value{Text: string(p.text[start:p.at])}, nil
}

func (p *parser) quoted() (Value, error) {
	start := p.at
	var b strings.Builder
	for !p.end() {
		r := p.text[p.at]
		p.at++
		if r == '"' && !p.take('"') {
			return Value{Text: b.String(), Quoted: true}, nil
		}
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			p.at--
			return Value{}, p.fail("This character cannot stand in a value.")
		}
		b.WriteRune(r)
	}
	p.at = start
	return Value{}, p.fail("The quotes that begin here do not end.")
}
