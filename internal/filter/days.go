package filter

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// days is a range of days that may depend on which day it is.
type days struct{ from, to *period }

// period gives the first of its days and the first one behind it.
type period func(today time.Time) (from, behind time.Time)

// around returns the range on that day, the end not included; nil is open. today
// and the results are midnights in UTC.
func (d days) around(today time.Time) (from, behind *time.Time) {
	if d.from != nil {
		a, _ := (*d.from)(today)
		from = &a
	}
	if d.to != nil {
		_, b := (*d.to)(today)
		behind = &b
	}
	return from, behind
}

func parseDays(s string) (days, bool) {
	from, to, isRange := strings.Cut(strings.ToLower(s), "..")
	if !isRange {
		p, ok := parsePeriod(from)
		return days{p, p}, ok && p != nil
	}
	a, ok := parsePeriod(from)
	b, also := parsePeriod(to)
	return days{a, b}, ok && also && (a != nil || b != nil)
}

var someDays = regexp.MustCompile(`^(last|next)-([1-9][0-9]{0,3})-days$`)

// parsePeriod reads one end of a range; nil for "".
func parsePeriod(s string) (*period, bool) {
	if s == "" {
		return nil, true
	}
	if p, ok := named[s]; ok {
		return &p, true
	}
	if m := someDays.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[2])
		p := daysFrom(0, n) // today is the first of the next, and the last of the last
		if m[1] == "last" {
			p = daysFrom(1-n, n)
		}
		return &p, err == nil
	}
	if d, err := time.Parse(time.DateOnly, s); err == nil && d.Year() >= 1 {
		return fixed(d, d.AddDate(0, 0, 1)), true
	}
	if d, err := time.Parse("2006-01", s); err == nil && d.Year() >= 1 {
		return fixed(d, d.AddDate(0, 1, 0)), true
	}
	return nil, false
}

// named are the periods that have a name. A week begins on Monday.
var named = map[string]period{
	"today": daysFrom(0, 1), "yesterday": daysFrom(-1, 1), "tomorrow": daysFrom(1, 1),
	"this-week": week(0), "last-week": week(-1), "next-week": week(1),
	"this-month": month(0), "last-month": month(-1), "next-month": month(1),
}

func fixed(from, behind time.Time) *period {
	p := period(func(time.Time) (time.Time, time.Time) { return from, behind })
	return &p
}

func daysFrom(offset, n int) period {
	return func(today time.Time) (time.Time, time.Time) {
		from := today.AddDate(0, 0, offset)
		return from, from.AddDate(0, 0, n)
	}
}

func week(offset int) period {
	return func(today time.Time) (time.Time, time.Time) {
		monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7+7*offset)
		return monday, monday.AddDate(0, 0, 7)
	}
}

func month(offset int) period {
	return func(today time.Time) (time.Time, time.Time) {
		first := time.Date(today.Year(), today.Month()+time.Month(offset), 1, 0, 0, 0, 0, time.UTC)
		return first, first.AddDate(0, 1, 0)
	}
}
