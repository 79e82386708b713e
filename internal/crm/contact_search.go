package crm

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"payaid/db"
	"payaid/internal/auth"
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

// foundContacts is how the contacts of a filter are read. The table itself and the
// trigram index give the same rows: which is faster depends on how many hits there
// are and where in the order they lie.
type foundContacts struct {
	table   *db.List // every contact in order, the search as a condition
	indexed *db.List // the hits of the index, to be sorted; nil without a search that it carries
	dense   bool     // there are too many hits to sort them at once
	narrow  bool     // other conditions leave out a part of the hits
	similar bool     // indexed holds what comes close, since nothing holds the text
	counted bool     // total is known
	total   int
}

// findContacts decides how the contacts of the filter are read.
func (s *Service) findContacts(ctx context.Context, p auth.Principal, f ContactFilter) (foundContacts, error) {
	text := strings.TrimSpace(f.Query)
	rows, err := f.rows(p, s.now())
	if err != nil {
		return foundContacts{}, err
	}
	found := foundContacts{table: rows.of("contacts")}
	if text == "" {
		return found, nil
	}
	pattern := searchPattern(searchText(text))
	found.table.Where("c.search LIKE ?", pattern)
	if !hasTrigram(pattern) {
		return found, nil
	}
	q := s.db.Tenant(p.TenantID)
	hits, err := q.CountFoundContacts(ctx, db.CountFoundContactsParams{Pattern: pattern, Most: MaxTotal + 1})
	if err != nil {
		return found, fmt.Errorf("count the hits of a search: %w", err)
	}
	found.indexed, found.narrow = rows.of("find_contacts(?)", pattern), !rows.whole
	found.dense = hits > maxSorted
	found.counted, found.total = !found.narrow, int(hits)
	if found.narrow && !found.dense && hits > 0 {
		if found.total, err = found.indexed.Count(ctx, q, MaxTotal+1); err != nil {
			return found, fmt.Errorf("count contacts: %w", err)
		}
		found.counted = true
	}
	if found.total == 0 && !found.dense && letters(text) >= minSimilar {
		found.similar, found.counted = true, false
		found.indexed = rows.of("find_similar_contacts(?, ?)", strings.ToLower(text), maxSimilar)
	}
	return found, nil
}

// countable is the list that counts faster.
func (f foundContacts) countable() *db.List {
	if f.indexed == nil || f.dense {
		return f.table
	}
	return f.indexed
}

func (f foundContacts) page(ctx context.Context, q *db.Queries, order db.Order, at *db.Cursor, limit int) (rows []contactListRow, prev, next string, err error) {
	switch {
	case f.indexed == nil:
		return db.Page[contactListRow](ctx, q, f.table, order, at, limit)
	case !f.dense:
		return db.Page[contactListRow](ctx, q, f.indexed, order, at, limit)
	}
	rows, prev, next, found, err := db.PageWithin[contactListRow](ctx, q, f.table, order, at, limit, searchStretch)
	if found || err != nil {
		return rows, prev, next, err
	}
	if f.narrow {
		return db.Page[contactListRow](ctx, q, f.table, order, at, limit)
	}
	return db.Page[contactListRow](ctx, q, f.indexed, order, at, limit)
}

// searchPattern returns the LIKE pattern for contacts that hold the text, or for
// one of one or two letters, those with a word that begins with it: anything else
// would be nearly all of them, and no index knows it.
func searchPattern(text string) string {
	pattern := likePattern(text)
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
