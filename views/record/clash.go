package record

import (
	"slices"
	"time"

	"payaid/internal/audit"
	"payaid/views/ui"
)

// Clash is a field that two people changed at once, not to the same.
type Clash struct {
	Name   string
	Label  string
	Mine   string // as a person reads it; "" for nothing
	Theirs string
	Stored string // theirs as the form sends it
	Who    string // "" when the log does not tell
	At     time.Time
}

// Clashes compares what both sides made of the fields; since is what the log tells about their side, newest first.
func (e Entity) Clashes(names []string, mine, theirs Values, since []audit.Entry, owners []ui.Option) []Clash {
	out := make([]Clash, 0, len(names))
	for _, name := range names {
		field, known := e.Find(name)
		if !known {
			continue
		}
		if name == "ownerId" {
			field.Options = append([]ui.Option{{Value: ui.NoOwner, Label: "Nobody"}}, owners...)
		}
		clash := Clash{Name: name, Label: field.Label, Mine: field.Words(mine[name]), Theirs: field.Words(theirs[name]), Stored: theirs[name]}
		for _, entry := range since {
			if slices.ContainsFunc(entry.Changes, func(c audit.Change) bool { return c.Field == field.logged() }) {
				clash.Who, clash.At = entry.Actor, entry.At
				break
			}
		}
		out = append(out, clash)
	}
	return out
}
