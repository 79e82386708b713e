package sheet

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxFold is how many bytes a line of a card has at most (RFC 2426, section 2.6).
const maxFold = 75

// vcardWriter writes vCard 3.0, which phones and mail programs of all ages read.
type vcardWriter struct {
	out    *bufio.Writer
	places []int // of VCardColumns among the columns, -1 where it is missing
}

func newVCardWriter(w io.Writer, columns []string) Writer {
	out := &vcardWriter{out: bufio.NewWriter(w)}
	for _, c := range VCardColumns {
		out.places = append(out.places, slices.Index(columns, c))
	}
	return out
}

// Write implements Writer. A row without a name gets the first thing that names it.
func (w *vcardWriter) Write(cells []string) error {
	at := func(place int) string {
		if i := w.places[place]; i >= 0 && i < len(cells) {
			return Neutralize(cells[i])
		}
		return ""
	}
	w.line("BEGIN", "VCARD")
	w.line("VERSION", "3.0")
	first := strings.TrimSpace(at(cardFirst) + " " + at(cardMiddle))
	whole := strings.TrimSpace(first + " " + at(cardLast))
	for _, other := range []int{cardName, cardEmail, cardPhone, cardCompany} {
		if whole == "" {
			whole = at(other)
		}
	}
	w.line("N", escape(at(cardLast))+";"+escape(at(cardFirst))+";"+escape(at(cardMiddle))+";;")
	w.line("FN", escape(whole))
	for i := range cardValues {
		w.text("EMAIL;TYPE=INTERNET", at(cardEmail+i))
		w.text("TEL;TYPE=VOICE", at(cardPhone+i))
	}
	w.text("ORG", at(cardCompany))
	w.text("TITLE", at(cardTitle))
	if address := at(cardAddress); address != "" {
		w.line("ADR", ";;"+escape(address)+";;;;")
	}
	w.text("NOTE", at(cardNotes))
	w.tags(at(cardTags))
	w.line("END", "VCARD")
	return w.flushed()
}

// tags turns a list with semicolons into one with commas.
func (w *vcardWriter) tags(list string) {
	var tags []string
	for t := range strings.SplitSeq(list, ";") {
		if t = strings.TrimSpace(t); t != "" {
			tags = append(tags, escape(t))
		}
	}
	if len(tags) > 0 {
		w.line("CATEGORIES", strings.Join(tags, ","))
	}
}

func (w *vcardWriter) text(name, value string) {
	if value != "" {
		w.line(name, escape(value))
	}
}

var escaper = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

func escape(s string) string { return escaper.Replace(strings.ToValidUTF8(s, "\uFFFD")) }

// line writes a property in folded lines. Errors come back with the next flush.
func (w *vcardWriter) line(name, value string) {
	text := name + ":" + value
	for limit := maxFold; len(text) > limit; limit = maxFold - 1 {
		end := limit
		for !utf8.RuneStart(text[end]) {
			end--
		}
		_, _ = w.out.WriteString(text[:end] + "\r\n ")
		text = text[end:]
	}
	_, _ = w.out.WriteString(text + "\r\n")
}

// flushed returns the error of an earlier write: the buffer keeps it.
func (w *vcardWriter) flushed() error {
	_, err := w.out.Write(nil)
	return err
}

// Close implements Writer.
func (w *vcardWriter) Close() error { return w.out.Flush() }
