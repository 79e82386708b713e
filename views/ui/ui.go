// Package ui holds the small components of every page: buttons, fields, tables' heads, pagers, empty states, toasts, dates
// and money. A component takes values and gives HTML; it knows no area, no service, no request. Class and data-variant names
// are those of assets/css.
package ui

import (
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// IconName names one of the icons in icons_gen.go. Add a name to assets/icons.txt and run `make assets` to get another.
type IconName string

// Tone colours a pill or an alert; the words beside it carry the meaning.
type Tone string

// The tones.
const (
	ToneNeutral Tone = ""
	ToneOK      Tone = "ok"
	ToneInfo    Tone = "info"
	ToneWarn    Tone = "warn"
	ToneDanger  Tone = "danger"
)

func (t Tone) icon() IconName {
	switch t {
	case ToneOK:
		return IconCircleCheck
	case ToneWarn:
		return IconTriangleAlert
	case ToneDanger:
		return IconCircleAlert
	}
	return IconInfo
}

// Initials gives the one or two letters an avatar shows: those of the first and the last word.
func Initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	initials := firstLetter(words[0])
	if len(words) > 1 {
		initials += firstLetter(words[len(words)-1])
	}
	return strings.ToUpper(initials)
}

func firstLetter(word string) string {
	for _, r := range word {
		return string(r)
	}
	return ""
}

// hue gives the same one of six avatar colours for the same name on every page.
func hue(name string) string {
	h := fnv.New32a()
	h.Write([]byte(name))
	return strconv.Itoa(int(h.Sum32() % 6))
}

// FormatDate writes the day of t in India: "22 Nov 2026". The zero time is "".
func FormatDate(t time.Time) string { return inIndia(t, "2 Jan 2006") }

// FormatDateTime writes the minute of t in India: "22 Nov 2026, 3:04 pm". The zero time is "".
func FormatDateTime(t time.Time) string { return inIndia(t, "2 Jan 2006, 3:04 pm") }

func inIndia(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	// India has one zone and no summer time, so this needs no zone database on the machine.
	return t.In(time.FixedZone("IST", 5*60*60+30*60)).Format(layout)
}

// describedBy lists the ids of the hint and the message of a control.
func describedBy(id, hint, message string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, id+"-hint")
	}
	if message != "" {
		ids = append(ids, id+"-err")
	}
	return strings.Join(ids, " ")
}

// InputDay is the day of t in India as a date input has it.
func InputDay(t time.Time) string { return inIndia(t, time.DateOnly) }
