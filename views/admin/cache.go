package admin

import (
	"strconv"

	"payaid/internal/cache"
	"payaid/internal/platform"
	"payaid/views/ui"
)

// CacheProps are what the page of the cache shows: its state, and the two forms as
// they were sent.
type CacheProps struct {
	Report         cache.Report
	Business       platform.CacheClearing
	BusinessErrors []ui.FieldError
	AllErrors      []ui.FieldError
	CSRF           string
}

func fieldError(errs []ui.FieldError, field string) string {
	for _, e := range errs {
		if e.Field == field {
			return e.Message
		}
	}
	return ""
}

// cacheCount is one line of the table.
type cacheCount struct {
	Label, Means string
	Own, All     uint64
}

func (p CacheProps) counts() []cacheCount {
	own, all := p.Report.Own, p.Report.All
	return []cacheCount{
		{"Hits", "answered from the cache", own.Hits, all.Hits},
		{"Misses", "read from the database", own.Misses, all.Misses},
		{"Old values held back", "misses whose value was older than a write", own.Stale, all.Stale},
		{"Bypassed", "read from the database because of a write under way, or while the cache is off", own.Bypasses, all.Bypasses},
		{"Kept", "values written to the cache", own.Stores, all.Stores},
		{"Too large", "values that were not kept", own.TooLarge, all.TooLarge},
		{"Writes announced", "whose values nobody reads until they are done", own.Marks, all.Marks},
		{"Writes finished for others", "whose process was killed, or had lost Redis", own.Relayed, all.Relayed},
		{"Switched off", "because a write could not reach Redis", own.Fences, all.Fences},
		{"Unanswered calls", "to Redis", own.Failures, all.Failures},
	}
}

// hitRate is the share of look-ups of all replicas that the cache answered.
func (p CacheProps) hitRate() string {
	all := p.Report.All
	asked := all.Hits + all.Misses + all.Bypasses
	if asked == 0 {
		return "–"
	}
	return strconv.FormatUint(all.Hits*100/asked, 10) + " %"
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }

func (p CacheProps) replicas() string {
	if p.Report.Replicas == 1 {
		return "This is the only replica."
	}
	return "Summed over " + strconv.Itoa(p.Report.Replicas) + " replicas; the others are up to five seconds behind."
}
