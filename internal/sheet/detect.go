package sheet

import (
	"bytes"
	"io"
	"regexp"
	"strings"
)

// otherFiles are the beginnings of files that people mistake for tables.
var otherFiles = []struct{ begin, what string }{
	{"\xD0\xCF\x11\xE0", "an old Excel file"},
	{"%PDF", "a PDF file"},
	{"\x1F\x8B", "a compressed file"},
	{"{\\rtf", "a text document"},
	{"<", "a web page or XML file"},
}

var beginsCard = regexp.MustCompile(`(?i)^\s*BEGIN:\s*VCARD`)

// Detect learns the format of a file from its first HeadSize bytes; whole tells
// that this is all of it. The encoding is a guess that an EncodingCounter over all
// of the file may better. The error is Unreadable.
func Detect(head []byte, whole bool) (Format, error) {
	for _, o := range otherFiles {
		if bytes.HasPrefix(head, []byte(o.begin)) {
			return Format{}, Unreadable("This is " + o.what + ". Open it in the program it comes from, save or export it as CSV or XLSX, and upload that file.")
		}
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return Format{Kind: XLSX}, nil
	}
	f := Format{Encoding: headEncoding(head)}
	decoded, err := io.ReadAll(f.decode(bytes.NewReader(head)))
	if err != nil {
		return f, Unreadable("The text of this file cannot be read. Save it as CSV UTF-8 and upload that file.")
	}
	text := string(decoded)
	if beginsCard.MatchString(text) {
		f.Kind = VCard
		return f, nil
	}
	f.Kind = CSV
	text = strings.TrimLeft(text, "\r\n")
	switch {
	case strings.TrimSpace(text) == "":
		return f, Unreadable("This file is empty.")
	case strings.ContainsRune(text, '\r') && !strings.ContainsRune(text, '\n'):
		return f, Unreadable("The lines of this file end in an outdated way. Save it as CSV UTF-8 and upload that file.")
	}
	f.Delimiter = sniffDelimiter(text)
	return f, checkHeader(f, text, whole)
}

func checkHeader(f Format, text string, whole bool) error {
	r := &csvRows{in: newLines(strings.NewReader(text)), comma: f.Delimiter[0]}
	if err := r.readHeader(); err != nil {
		return err
	}
	if !whole && r.in.atEnd() {
		return Unreadable("The first line is longer than 64 KB. It has to name the columns.")
	}
	return nil
}

// delimiters in the order of preference.
const delimiters = ",;\t|"

// sniffDelimiter returns the delimiter that the first line holds most often
// outside quotation marks.
func sniffDelimiter(text string) string {
	counts := make([]int, len(delimiters))
	quoted := false
	for _, r := range text {
		if r == '\n' && !quoted {
			break
		}
		if r == '"' {
			quoted = !quoted
		}
		if i := strings.IndexRune(delimiters, r); i >= 0 && !quoted {
			counts[i]++
		}
	}
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return delimiters[best : best+1]
}
