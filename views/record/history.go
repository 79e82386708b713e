package record

import (
	"net/url"
	"strings"

	"payaid/internal/audit"
)

// historyURL is the address of a page of the history of the record.
func (p Props) historyURL(cursor string) string {
	address := p.Base() + "/history"
	if cursor != "" {
		address += "?cursor=" + url.QueryEscape(cursor)
	}
	return With(address, p.Kept)
}

// pageURL is historyURL of a page that may not be there.
func (p Props) pageURL(cursor string) string {
	if cursor == "" {
		return ""
	}
	return p.historyURL(cursor)
}

func (p Props) putBackURL(e audit.Entry, c audit.Change) string {
	return With(p.Base()+"/history/"+e.ID.String()+"/"+c.Field, p.Kept)
}

// shown are the changes with a label.
func (p Props) shown(e audit.Entry) []audit.Change {
	var out []audit.Change
	for _, c := range e.Changes {
		if p.Entity.label(c.Field) != "" {
			out = append(out, c)
		}
	}
	return out
}

// returnable reports whether the value before the change can be put back.
func (p Props) returnable(e audit.Entry, c audit.Change) bool {
	_, follows := p.Entity.Also[c.Field]
	return p.MayChange && !e.First && !follows
}

// inLog returns the field that the log calls name.
func (e Entity) inLog(name string) (Field, bool) {
	for _, f := range e.Fields {
		if f.logged() == name {
			return f, true
		}
	}
	return Field{}, false
}

// label names what the log calls name; "" for what is not shown.
func (e Entity) label(name string) string {
	if f, ok := e.inLog(name); ok {
		return f.Label
	}
	return e.Also[name]
}

// said is a value of the log as a person reads it.
func (e Entity) said(name, text string) string {
	f, ok := e.inLog(name)
	if !ok || text == "" {
		return text
	}
	if f.SayLog != nil {
		return f.SayLog(text)
	}
	for _, o := range f.Options {
		if o.Value == text {
			return o.Label
		}
	}
	return text
}

// deed is an action of the log in words.
func (e Entity) deed(action string) string {
	verb := strings.TrimPrefix(action, e.One+".")
	switch verb {
	case "create":
		return "Added"
	case "update":
		return "Changed"
	case "delete":
		return "Moved to the trash"
	case "restore":
		return "Restored"
	}
	return strings.ToUpper(verb[:1]) + verb[1:]
}
