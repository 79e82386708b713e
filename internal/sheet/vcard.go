package sheet

import (
	"bytes"
	"errors"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// VCardColumns are the columns that cards are read into and written from.
var VCardColumns = []string{
	"Name", "First name", "Middle name", "Last name", "Email", "Email 2", "Email 3", "Phone", "Phone 2", "Phone 3",
	"Company", "Job title", "Address", "Notes", "Tags",
}

// The places of the columns.
const (
	cardName = iota
	cardFirst
	cardMiddle
	cardLast
	cardEmail
	cardPhone   = cardEmail + cardValues
	cardCompany = cardPhone + cardValues
	cardTitle   = cardCompany + 1
	cardAddress = cardCompany + 2
	cardNotes   = cardCompany + 3
	cardTags    = cardCompany + 4

	cardValues = 3 // e-mails and phones kept of a card
)

// vcardRows reads vCard 2.1, 3.0 and 4.0, a row for each card.
type vcardRows struct{ in *lines }

func openVCard(r io.Reader, f Format) Rows { return &vcardRows{in: newLines(f.decode(r))} }

// Columns implements Rows.
func (r *vcardRows) Columns() []string { return VCardColumns }

// Sheets implements Rows.
func (r *vcardRows) Sheets() []string { return nil }

// Close implements Rows.
func (r *vcardRows) Close() error { return nil }

// Next implements Rows. What stands outside cards is passed over.
func (r *vcardRows) Next() (Row, error) {
	var c *card
	for {
		line := r.in.next
		p, raw, err := r.property()
		switch {
		case errors.Is(err, io.EOF) && c != nil:
			return c.broken("This card is cut off: it has no end."), nil
		case errors.Is(err, errLongLine):
			continue // a picture
		case err != nil:
			return Row{}, err
		case p.is("BEGIN", "VCARD") && c != nil:
			r.in.unread(raw)
			return c.broken("This card is cut off: the next one begins before its end."), nil
		case p.is("BEGIN", "VCARD"):
			c = &card{line: line, cells: make([]string, len(VCardColumns))}
		case p.is("END", "VCARD") && c != nil:
			return c.row(), nil
		case c != nil:
			c.take(p)
		}
	}
}

// property reads one property, unfolded, and returns its lines as well.
func (r *vcardRows) property() (property, []byte, error) {
	line, err := r.in.read()
	if err != nil {
		return property{}, nil, err
	}
	raw := bytes.Clone(line)
	text := trimEnd(line)
	for len(raw) < maxRecord {
		next, err := r.in.read()
		if err != nil {
			if errors.Is(err, errLongLine) || errors.Is(err, io.EOF) {
				break // a long line is lost; the end comes again
			}
			return property{}, nil, err
		}
		switch {
		case strings.HasSuffix(text, "=") && isQuotedPrintable(text):
			text += "\n" + trimEnd(next)
		case len(next) > 1 && (next[0] == ' ' || next[0] == '\t') && strings.TrimSpace(string(next)) != "":
			text += trimEnd(next[1:])
		default:
			r.in.unread(next)
			return parseProperty(text), raw, nil
		}
		raw = append(raw, next...)
	}
	return parseProperty(text), raw, nil
}

func trimEnd(line []byte) string { return strings.TrimRight(string(line), "\r\n") }

func isQuotedPrintable(text string) bool {
	head, _, _ := strings.Cut(text, ":")
	return strings.Contains(strings.ToUpper(head), "QUOTED-PRINTABLE")
}

// property is one line of a card: [group.]NAME[;PARAM=value]:value.
type property struct {
	name   string
	params []string // in upper case
	value  string
}

func (p property) is(name, value string) bool {
	return p.name == name && strings.EqualFold(strings.TrimSpace(p.value), value)
}

func (p property) preferred() bool {
	return slices.ContainsFunc(p.params, func(s string) bool {
		return s == "PREF" || s == "PREF=1" || strings.HasPrefix(s, "TYPE=") && strings.Contains(s, "PREF")
	})
}

func parseProperty(text string) property {
	head, value := cutOutsideQuotes(text)
	params := strings.Split(strings.ToUpper(head), ";")
	name := params[0]
	if _, after, grouped := strings.Cut(name, "."); grouped {
		name = after
	}
	p := property{name: strings.TrimSpace(name), params: params[1:], value: value}
	if isQuotedPrintable(head + ":") {
		p.value = decodeQuotedPrintable(value, p.params)
	}
	return p
}

func cutOutsideQuotes(text string) (head, value string) {
	quoted := false
	for i := range len(text) {
		switch text[i] {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				return text[:i], text[i+1:]
			}
		}
	}
	return text, ""
}

func decodeQuotedPrintable(value string, params []string) string {
	b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(value)))
	if err != nil {
		return value // as it is: better than nothing
	}
	for _, p := range params {
		switch p {
		case "CHARSET=ISO-8859-1", "CHARSET=WINDOWS-1252", "CHARSET=CP1252":
			if text, err := charmap.Windows1252.NewDecoder().Bytes(b); err == nil {
				return string(text)
			}
		}
	}
	return string(b)
}

// card collects the properties of one card.
type card struct {
	line           int64
	cells          []string
	emails, phones []string
}

func (c *card) take(p property) {
	switch p.name {
	case "FN":
		c.set(cardName, unescape(p.value))
	case "N":
		parts := append(splitEscaped(p.value, ';'), "", "", "")
		c.set(cardLast, parts[0])
		c.set(cardFirst, parts[1])
		c.set(cardMiddle, parts[2])
	case "EMAIL":
		c.emails = addValue(c.emails, p, "mailto:")
	case "TEL":
		c.phones = addValue(c.phones, p, "tel:")
	case "ORG":
		c.set(cardCompany, splitEscaped(p.value, ';')[0])
	case "TITLE":
		c.set(cardTitle, unescape(p.value))
	case "ADR":
		parts := slices.DeleteFunc(splitEscaped(p.value, ';'), func(s string) bool { return s == "" })
		c.set(cardAddress, strings.Join(parts, ", "))
	case "NOTE":
		c.set(cardNotes, unescape(p.value))
	case "CATEGORIES":
		c.set(cardTags, joinList(splitEscaped(p.value, ',')))
	}
}

// set keeps the first value of a property.
func (c *card) set(i int, value string) {
	if c.cells[i] == "" {
		c.cells[i] = strings.TrimSpace(value)
	}
}

func addValue(values []string, p property, scheme string) []string {
	v := strings.TrimSpace(unescape(p.value))
	if len(v) >= len(scheme) && strings.EqualFold(v[:len(scheme)], scheme) {
		v, _, _ = strings.Cut(v[len(scheme):], ";") // an extension
	}
	switch {
	case v == "" || slices.Contains(values, v):
		return values
	case p.preferred():
		return slices.Insert(values, 0, v)
	}
	return append(values, v)
}

// joinList separates by semicolons, the last one included when a value holds a
// comma, so that a reader knows which of the two separates.
func joinList(values []string) string {
	s := strings.Join(values, "; ")
	if strings.Contains(s, ",") && !strings.Contains(s, ";") {
		s += ";"
	}
	return s
}

func (c *card) row() Row {
	copy(c.cells[cardEmail:cardEmail+cardValues], c.emails)
	copy(c.cells[cardPhone:cardPhone+cardValues], c.phones)
	if c.cells[cardFirst] != "" || c.cells[cardLast] != "" {
		c.cells[cardName] = ""
	}
	return Row{Line: c.line, Cells: c.cells}
}

func (c *card) broken(problem string) Row {
	r := c.row()
	r.Problem = problem
	return r
}

func unescape(s string) string { return splitEscaped(s, 0)[0] }

// splitEscaped splits at sep where no backslash stands before it, and resolves the
// escapes.
func splitEscaped(s string, sep byte) []string {
	var out []string
	var part strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			switch s[i] {
			case 'n', 'N':
				part.WriteByte('\n')
			case ',', ';', '\\', ':':
				part.WriteByte(s[i])
			default:
				part.WriteString(s[i-1 : i+1])
			}
		case sep != 0 && s[i] == sep:
			out = append(out, strings.TrimSpace(part.String()))
			part.Reset()
		default:
			part.WriteByte(s[i])
		}
	}
	return append(out, strings.TrimSpace(part.String()))
}
