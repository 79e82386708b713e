// Package list holds what the lists of all entities share: addresses, orders, filter chips, saved views and pages. It knows no
// entity: each describes itself once as an Entity.
package list

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"payaid/internal/crm"
	"payaid/internal/filter"
	"payaid/internal/listing"
	"payaid/views/ui"
)

// Entity is one entity as its list speaks of it.
type Entity struct {
	Key     string // of the entity in saved views, and of the menu: "contacts"
	Path    string // "/contacts"
	Title   string // "Contacts"
	One     string // "contact"
	Many    string // "contacts"
	Fields  filter.Fields
	Orders  []ui.Option // the orders of the select; the first one, with the value "", is the default
	Default string      // the name of the default order
	Falling []string    // the orders of which the first press gives the highest first
	Formats []string    // in which the list can be exported, the usual one first
}

// Address is what the address of a list says.
type Address struct {
	Text, Filter, Sort, Cursor string
	View                       string // the id of the saved view that it began with, AllView, or ""
	// How the view looks otherwise than it was saved, "" where it does not.
	Columns string // keys, separated by commas
	Density string
}

// Query is what the address lists.
func (a Address) Query() listing.Query {
	return listing.Query{Text: a.Text, Filter: a.Filter, Sort: a.Sort, Cursor: a.Cursor}
}

// URL is the address of the list, without the parameters that say nothing.
func (e Entity) URL(a Address) string { return At(e.Path, a.params()) }

func (a Address) params() map[string]string {
	return map[string]string{"q": a.Text, "filter": a.Filter, "sort": a.Sort, "cursor": a.Cursor, "view": a.View, "columns": a.Columns, "density": a.Density}
}

// At is the address of path with those of the parameters that say something.
func At(path string, params map[string]string) string {
	query := url.Values{}
	for name, value := range params {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + readable.Replace(query.Encode())
}

// readable leaves those signs of a filter as they are that an address may hold.
var readable = strings.NewReplacer("%3A", ":", "%2C", ",", "%28", "(", "%29", ")", "%40", "@")

// Summary is the size of a list in words.
func (e Entity) Summary(total int, capped bool) string {
	switch {
	case capped:
		return "10,000+ " + e.Many
	case total == 1:
		return "1 " + e.One
	}
	return Group(int64(total)) + " " + e.Many
}

// Condition is the filter of records whose field is this text.
func Condition(field, text string) string {
	return filter.Expr{Op: filter.Is, Field: field, Values: []filter.Value{{Text: text, Quoted: true}}}.String()
}

// Filtered reports whether the list leaves something out.
func (a Address) Filtered() bool { return a.Text != "" || a.Filter != "" || a.Cursor != "" }

// Label is a state as people read it: "new lead" becomes "New lead".
func Label(state string) string {
	if state == "" {
		return ""
	}
	return strings.ToUpper(state[:1]) + state[1:]
}

// Choices turns the states of a record into options.
func Choices(values []string) []ui.Option {
	out := make([]ui.Option, len(values))
	for i, v := range values {
		out[i] = ui.Option{Value: v, Label: Label(v)}
	}
	return out
}

// Props are what the parts around a list show.
type Props struct {
	Entity
	At    Address
	Views []crm.View
	Look  crm.ListSettings
	CSRF  string
}

// SortBy is the head of a column. A press gives the order, a second one turns it round.
func (p Props) SortBy(label, field string) ui.SortHeaderProps {
	a := p.At
	current, first := cmp.Or(a.Sort, p.Default), field
	if slices.Contains(p.Falling, field) {
		first = "-" + field
	}
	dir := ui.Unsorted
	a.Sort, a.Cursor = first, ""
	switch current {
	case field:
		dir, a.Sort = ui.Ascending, "-"+field
	case "-" + field:
		dir, a.Sort = ui.Descending, field
	}
	if a.Sort == p.Default {
		a.Sort = ""
	}
	return ui.SortHeaderProps{Label: label, Href: p.URL(a), Dir: dir, Target: "#results"}
}

// Pager is the foot of the page between the places prev and next, "" for none.
func (p Props) Pager(prev, next string, total int, capped bool) ui.PagerProps {
	return ui.PagerProps{Summary: p.Summary(total, capped), Prev: p.pageURL(prev), Next: p.pageURL(next), Target: "#results"}
}

func (p Props) pageURL(cursor string) string {
	if cursor == "" {
		return ""
	}
	a := p.At
	a.Cursor = cursor
	return p.URL(a)
}

// exportURL is the address of the whole list as a file in the format.
func (p Props) exportURL(format string) string {
	a := p.At
	a.Cursor, a.View, a.Columns, a.Density = "", "", "", ""
	params := a.params()
	if format != p.Formats[0] {
		params["format"] = format
	}
	return At(p.Path+"/export.csv", params)
}

// formatNames are the kinds of file as people call them.
var formatNames = map[string]string{"csv": "CSV", "xlsx": "Excel (XLSX)", "vcard": "vCard"}
