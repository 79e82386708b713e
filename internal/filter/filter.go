// Package filter is the small language in which people, programs and saved views
// say which records of a list they mean:
//
//	stage:customer,contact owner:me -tag:vip (leadScore:50.. or createdAt:last-30-days)
//
// It parses, checks, prints and translates to a condition of SQL in which values
// are parameters only. It knows no entity: areas name their fields.
// docs/filters.md describes the language for people.
package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of one filter.
const (
	MaxLength = 2000 // characters
	MaxTerms  = 40
	MaxValues = 50 // of one term
	MaxDepth  = 6  // parentheses and negations inside each other
)

// Op is what an Expr does with its parts.
type Op int

// The operations.
const (
	And Op = iota
	Or
	Not
	Is // a field has one of the values
)

// Expr is a filter, or a part of one.
type Expr struct {
	Op     Op
	Parts  []Expr // of And, Or, and one of Not
	Field  string // of Is
	Values []Value
}

// Value is one of the values of a term. In quotes no word has a special meaning.
type Value struct {
	Text   string
	Quoted bool
}

// The words that mean something for every field that can be empty, and who asks.
const (
	None = "none"
	Any  = "any"
	Me   = "me"
)

// is reports whether the value is the special word.
func (v Value) is(word string) bool { return !v.Quoted && strings.EqualFold(v.Text, word) }

// Zero reports whether the filter leaves out nothing.
func (e Expr) Zero() bool { return e.Op == And && len(e.Parts) == 0 }

// Factors are the parts that all have to hold: what a page shows as chips.
func (e Expr) Factors() []Expr {
	if e.Op == And {
		return e.Parts
	}
	return []Expr{e}
}

// Join is the filter of records for which all parts hold.
func Join(parts ...Expr) Expr {
	all := Expr{Op: And}
	for _, p := range parts {
		all.Parts = append(all.Parts, p.Factors()...)
	}
	if len(all.Parts) == 1 {
		return all.Parts[0]
	}
	return all
}

// String is the filter as Parse reads it.
func (e Expr) String() string {
	switch e.Op {
	case Is:
		values := make([]string, len(e.Values))
		for i, v := range e.Values {
			values[i] = v.String()
		}
		return e.Field + ":" + strings.Join(values, ",")
	case Not:
		return "-" + e.Parts[0].inside()
	}
	parts, between := make([]string, len(e.Parts)), " "
	if e.Op == Or {
		between = " or "
	}
	for i, p := range e.Parts {
		if parts[i] = p.inside(); e.Op == Or && p.Op == And { // "and" binds closer
			parts[i] = p.String()
		}
	}
	return strings.Join(parts, between)
}

// inside is String for a part of something larger.
func (e Expr) inside() string {
	if e.Op == And || e.Op == Or {
		return "(" + e.String() + ")"
	}
	return e.String()
}

// String is the value as Parse reads it.
func (v Value) String() string {
	if !v.Quoted && v.Text != "" && strings.IndexFunc(v.Text, func(r rune) bool { return !plain(r) }) < 0 {
		return v.Text
	}
	return `"` + strings.ReplaceAll(v.Text, `"`, `""`) + `"`
}

// plain reports whether the character may stand in a value without quotes.
func plain(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsControl(r) && r != utf8.RuneError && !strings.ContainsRune(`(),":`, r)
}

// Error tells what a filter cannot mean.
type Error struct {
	At      int // the character where it stands, from 1
	Message string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("At character %d: %s", e.At, e.Message) }
