package sheet

import (
	"strings"
	"unicode/utf8"
)

// formulaSigns begin what spreadsheets take for a formula, in full width too (OWASP,
// CSV injection).
const formulaSigns = "=+-@\t\r\n＝＋－＠"

// Neutralize puts an apostrophe before a cell that a spreadsheet would run. A plus
// and digits stay as they are, a phone number say: they can only become a number. A
// cell that already has apostrophes there gets one more, so that Reveal is exact.
func Neutralize(cell string) string {
	if isPlusDigits(cell) || !isFormula(strings.TrimLeft(cell, "'")) {
		return cell
	}
	return "'" + cell
}

// Reveal undoes Neutralize.
func Reveal(cell string) string {
	rest, ok := strings.CutPrefix(cell, "'")
	if ok && isFormula(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return cell
}

func isFormula(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune(formulaSigns, first)
}

func isPlusDigits(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
