package layout

import "strings"

// Shortcut is one line of the keyboard help and, by its data attributes, the handler's table: static/keys.js reads the
// shortcuts from the help, so the two cannot differ.
type Shortcut struct {
	// Keys are named as KeyboardEvent.key names them: one after the other "g c", together "Control+Enter" or "Shift+j", either "Enter|o".
	Keys  string
	Do    string // an action of static/keys.js
	Arg   string // for the action "go": where to
	Label string
}

// ShortcutGroup is a part of the keyboard help.
type ShortcutGroup struct {
	Label     string
	Shortcuts []Shortcut
}

// Shortcuts lists the keys that work on every page with a menu: those that lead to its pages, and those that make something
// where the page makes nothing of its own.
func Shortcuts(nav []NavGroup, create []NavItem) []ShortcutGroup {
	groups := []ShortcutGroup{
		{"Everywhere", []Shortcut{
			{"Control+k", "palette", "", "Search and commands"},
			{"?", "help", "", "This help"},
		}},
		{"On this page", []Shortcut{
			{"/", "search", "", "Search this list"},
			{"c", "create", "", "Create"},
			{"e", "edit", "", "Edit"},
			{"[", "before", "", "Previous record of the list"},
			{"]", "after", "", "Next record of the list"},
			{"Control+Enter", "submit", "", "Save the form"},
			{"Escape", "close", "", "Close the top layer"},
		}},
		{"In a list", []Shortcut{
			{"j", "next", "", "Next row"},
			{"k", "previous", "", "Previous row"},
			{"Enter|o", "open", "", "Open the row"},
			{"x", "select", "", "Select the row"},
			{"Shift+j", "extend", "1", "Select on downwards"},
			{"Shift+k", "extend", "-1", "Select on upwards"},
			{"#", "remove", "", "Delete the selected"},
		}},
	}
	var pages []NavItem
	for _, group := range nav {
		pages = append(pages, group.Items...)
	}
	for _, more := range []ShortcutGroup{{"Go to", leading(pages)}, {"Create, on pages that list nothing to create", leading(create)}} {
		if len(more.Shortcuts) > 0 {
			groups = append(groups, more)
		}
	}
	return groups
}

// leading are the shortcuts of the items that have one.
func leading(items []NavItem) []Shortcut {
	var out []Shortcut
	for _, item := range items {
		if item.Keys != "" {
			out = append(out, Shortcut{item.Keys, "go", item.Href, item.Label})
		}
	}
	return out
}

// keyCap is a key as it stands on the keyboard, or a word between two keys.
type keyCap struct {
	Text string
	Word bool
}

// caps gives what the help shows for the keys: "Enter|o" is ↵ or O.
func (s Shortcut) caps() []keyCap {
	words := strings.NewReplacer(" ", " then ", "|", " or ", "+", " ").Replace(s.Keys)
	var caps []keyCap
	for word := range strings.FieldsSeq(words) {
		switch word {
		case "then", "or":
			caps = append(caps, keyCap{word, true})
		case "Control":
			caps = append(caps, keyCap{Text: "Ctrl"})
		case "Shift":
			caps = append(caps, keyCap{Text: "Shift"})
		case "Enter":
			caps = append(caps, keyCap{Text: "↵"})
		case "Escape":
			caps = append(caps, keyCap{Text: "Esc"})
		default:
			caps = append(caps, keyCap{Text: strings.ToUpper(word)})
		}
	}
	return caps
}
