package listing

import (
	"errors"
	"strings"
	"unicode/utf8"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/filter"
)

// maxText is how many characters a search has at most.
const maxText = 200

// Query chooses and orders the records of a list. The zero value lists all in the
// default order.
type Query struct {
	Text   string    // is searched for; what comes close when nothing holds it
	Filter string    // in the language of package filter over the fields of the Kind
	Sort   string    // one of the orders, with - in front for descending
	Cursor string    // from a Page; "" for the first one
	Limit  int       // 1 to MaxPageSize; 25 when zero
	Only   Condition // what the area itself asks for besides, the people of a company say

	NoTotal bool `json:",omitempty"` // do not count: a large list costs far more to count than to read a page of
}

// Canonical refuses what is not documented about q and brings its filter into its
// one text.
func (k *Kind[T, R]) Canonical(q Query) (Query, error) {
	where, err := k.Where(q.Filter)
	if err != nil {
		return q, err
	}
	q.Filter = where.String()
	_, _, err = k.check(&q)
	return q, err
}

// Refuse adds to bad what is not documented about q, its filter and its place in
// the list aside.
func (k *Kind[T, R]) Refuse(q Query, bad *apperr.Fields) {
	bad.Check(q.Limit >= 0 && q.Limit <= MaxPageSize, "limit", "Choose a number from 1 to 100.")
	bad.Check(utf8.RuneCountInString(q.Text) <= maxText && storable(q.Text), "q", "Search for at most 200 characters.")
	_, ok := k.Order(q.Sort)
	bad.Check(ok, "sort", "Sort by one of "+strings.Join(k.sorts(), ", ")+", with - in front for descending.")
}

// check refuses what is not documented and fills in the defaults.
func (k *Kind[T, R]) check(q *Query) (db.Order, *db.Cursor, error) {
	var bad apperr.Fields
	k.Refuse(*q, &bad)
	order, _ := k.Order(q.Sort)
	if err := bad.Err(); err != nil {
		return order, nil, err
	}
	if q.Limit == 0 {
		q.Limit = defaultPageSize
	}
	at, err := db.ParseCursor(q.Cursor, order)
	if err != nil {
		return order, nil, BadCursor()
	}
	return order, at, nil
}

// Where reads a filter. One that cannot be read is InvalidInput.
func (k *Kind[T, R]) Where(text string) (filter.Expr, error) { return Where(text, k.Fields) }

// Where reads a filter over the fields. One that cannot be read is InvalidInput.
func Where(text string, fields filter.Fields) (filter.Expr, error) {
	where, err := filter.Parse(text, fields)
	if wrong, ok := errors.AsType[*filter.Error](err); ok {
		e := apperr.New(apperr.InvalidInput, "The filter cannot be read. %s", wrong)
		e.Details = []apperr.Detail{{Field: "filter", Message: wrong.Error()}}
		return filter.Expr{}, e
	}
	return where, err
}

// Order reads a sort parameter; "" is the default. ok tells whether there is that
// order.
func (k *Kind[T, R]) Order(sort string) (order db.Order, ok bool) {
	if sort == "" {
		return k.Orders[0], true
	}
	name, desc := strings.CutPrefix(sort, "-")
	for _, o := range k.Orders {
		if o.Name == name {
			o.Desc = desc
			return o, true
		}
	}
	return k.Orders[0], false
}

// sorts names the documented orders, the default one first.
func (k *Kind[T, R]) sorts() []string {
	out := make([]string, len(k.Orders))
	for i, o := range k.Orders {
		out[i] = o.Name
	}
	return out
}

// BadCursor refuses a cursor that is not of this list.
func BadCursor() error {
	var f apperr.Fields
	f.Add("cursor", "This place in the list is no longer known. Start again from the first page.")
	return f.Err()
}

// storable refuses what PostgreSQL cannot store: NUL and broken UTF-8.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
