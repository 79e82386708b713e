package listing

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"payaid/db"
)

const (
	// maxSorted is how many hits of the index are fetched and sorted for one page.
	// With more of them, some are near any place of the order.
	maxSorted = 4000
	// searchStretch is how many rows of the order are looked at then, before all hits
	// are fetched after all.
	searchStretch = 5000
	// maxSimilar bounds what is shown when nothing holds the text.
	maxSimilar = 100
	// minSimilar is the shortest text, in letters, that has something similar to it.
	minSimilar = 3
)

// found is how the records of a query are read. The table itself and the trigram
// index give the same rows: which is faster depends on how many hits there are and
// where in the order they lie.
type found[R interface{ At() db.Place }] struct {
	table   *db.List // every record in order, the search as a condition
	indexed *db.List // the hits of the index, to be sorted; nil without a search that it carries
	dense   bool     // there are too many hits to sort them at once
	narrow  bool     // other conditions leave out a part of the hits
	similar bool     // indexed holds what comes close, since nothing holds the text
	counted bool     // total is known
	total   int
}

// unknown is a number of hits that nobody has counted.
const unknown = -1

// searchPage reads a page of a search that nothing else narrows, with its total: the
// hits are read once for both. When there are none, or too many to sort, it returns
// their number and no page.
func (k *Kind[T, R]) searchPage(ctx context.Context, src Source, r Reader, query Query, order db.Order, at *db.Cursor) (page Page[T], hits int, err error) {
	pattern := SearchPattern(searchText(strings.TrimSpace(query.Text)))
	if !hasTrigram(pattern) {
		return page, unknown, nil
	}
	rows, err := k.Rows(r, query)
	if err != nil || !rows.whole {
		return page, unknown, err
	}
	most := MaxTotal + 1
	if query.NoTotal {
		most = maxSorted + 1
	}
	list, prev, next, hits, err := db.SearchPage[R](ctx, src.DB.Tenant(r.Tenant), rows.Of(k.Table), k.Table, pattern, order, at, query.Limit, most)
	if err != nil {
		return page, hits, k.failed(err)
	}
	if page, err = k.made(list, prev, next); err == nil && !query.NoTotal {
		page.Total = hits
	}
	return page, hits, err
}

// find decides how the records of the query are read. hits is how many hold the text
// of a search, when that is known.
func (k *Kind[T, R]) find(ctx context.Context, src Source, r Reader, query Query, hits int) (found[R], error) {
	text := strings.TrimSpace(query.Text)
	rows, err := k.Rows(r, query)
	if err != nil {
		return found[R]{}, err
	}
	f := found[R]{table: rows.Of(k.Table)}
	if text == "" {
		return f, nil
	}
	pattern := SearchPattern(searchText(text))
	f.table.Where(k.Search.Column+" LIKE ?", pattern)
	if !hasTrigram(pattern) {
		return f, nil
	}
	q := src.DB.Tenant(r.Tenant)
	if hits == unknown {
		n, err := k.Search.Count(ctx, q, pattern, MaxTotal+1)
		if err != nil {
			return f, fmt.Errorf("count the hits of a search: %w", err)
		}
		hits = int(n)
	}
	f.indexed, f.narrow = rows.Of(k.Search.Find, pattern), !rows.whole
	f.dense = hits > maxSorted
	f.counted, f.total = !f.narrow, hits
	if f.narrow && !f.dense && hits > 0 {
		if f.total, err = f.indexed.Count(ctx, q, MaxTotal+1); err != nil {
			return f, fmt.Errorf("count %s: %w", k.Name, err)
		}
		f.counted = true
	}
	if f.total == 0 && !f.dense && letters(text) >= minSimilar {
		f.similar, f.counted = true, false
		f.indexed = rows.Of(k.Search.Similar, strings.ToLower(text), maxSimilar)
	}
	return f, nil
}

// countable is the list that counts faster.
func (f found[R]) countable() *db.List {
	if f.indexed == nil || f.dense {
		return f.table
	}
	return f.indexed
}

func (f found[R]) page(ctx context.Context, q *db.Queries, order db.Order, at *db.Cursor, limit int) (rows []R, prev, next string, err error) {
	switch {
	case f.indexed == nil:
		return db.Page[R](ctx, q, f.table, order, at, limit)
	case !f.dense:
		return db.Page[R](ctx, q, f.indexed, order, at, limit)
	}
	rows, prev, next, ok, err := db.PageWithin[R](ctx, q, f.table, order, at, limit, searchStretch)
	if ok || err != nil {
		return rows, prev, next, err
	}
	if f.narrow {
		return db.Page[R](ctx, q, f.table, order, at, limit)
	}
	return db.Page[R](ctx, q, f.indexed, order, at, limit)
}

// LikePattern returns a LIKE pattern, in lower case, for texts that hold q.
func LikePattern(q string) string {
	q = strings.ToLower(strings.Join(strings.Fields(q), " "))
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(q) + "%"
}

// SearchPattern returns the LIKE pattern for records that hold the text, or for
// one of one or two letters, those with a word that begins with it: anything else
// would be nearly all of them, and no index knows it.
func SearchPattern(text string) string {
	pattern := LikePattern(text)
	if n := letters(text); n > 0 && n <= 2 && n == utf8.RuneCountInString(text) {
		return "% " + strings.TrimPrefix(pattern, "%")
	}
	return pattern
}

// hasTrigram reports whether the trigram index knows the pattern: three letters in
// a row, or the beginning of a word.
func hasTrigram(pattern string) bool {
	run, word := 0, false
	for _, r := range pattern {
		switch {
		case isLetter(r):
			if run++; run == 3 || word {
				return true
			}
		case r == '%' || r == '\\' || r == '_':
			run, word = 0, false
		default:
			run, word = 0, true
		}
	}
	return false
}

func letters(s string) int {
	n := 0
	for _, r := range s {
		if isLetter(r) {
			n++
		}
	}
	return n
}

// isLetter reports what is part of a word for the index.
func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// searchText turns a phone number typed with spaces into the form it is stored
// in; other texts stay as they are.
func searchText(q string) string {
	if strings.Trim(q, "+-() 0123456789") != "" {
		return q
	}
	digits := strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, q)
	if len(digits) < 4 {
		return q
	}
	if number := strings.TrimLeft(digits, "0"); len(number) >= 4 { // 0 or 00 is dialled, not stored
		return number
	}
	return digits
}
