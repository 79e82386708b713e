// Package search holds the results of the search over everything: as the list of the command palette, and as a page for
// those who come without scripts. It shows what it is given; what somebody may see and do is decided before.
package search

import (
	"strconv"

	"payaid/views/ui"
)

// Props are what a search found.
type Props struct {
	Query  string
	Groups []Group // none is empty
}

// Group is the results of one kind.
type Group struct {
	Label string
	Note  string // how many there are in all, such as "6 of 248"; "" for nothing to say
	Items []Item
}

// Item is one place to go to, record or command.
type Item struct {
	Label  string
	Detail string
	Href   string
	Icon   ui.IconName
	Keys   string // the shortcut that does the same, such as "G then C"
	Dialog bool   // opens in the dialog of the page
}

// AddRest says that only so many of all that match are shown, and leads to the others.
func (g *Group) AddRest(shown, all int, capped bool, href string, icon ui.IconName) {
	if all <= shown {
		return
	}
	total := strconv.Itoa(all)
	if capped {
		total += "+"
	}
	g.Note = strconv.Itoa(shown) + " of " + total
	g.Items = append(g.Items, Item{Label: "Show all that match", Href: href, Icon: icon})
}

// Add appends a group unless it is empty.
func (p *Props) Add(g Group) {
	if len(g.Items) > 0 {
		p.Groups = append(p.Groups, g)
	}
}

// found says how many results there are, for those who do not see them come.
func (p Props) found() string {
	n := 0
	for _, g := range p.Groups {
		n += len(g.Items)
	}
	switch n {
	case 0:
		return "Nothing found."
	case 1:
		return "1 result."
	}
	return strconv.Itoa(n) + " results."
}

func groupID(i int) string { return "palette-group-" + strconv.Itoa(i) }

func optionID(group, item int) string {
	return "palette-" + strconv.Itoa(group) + "-" + strconv.Itoa(item)
}
