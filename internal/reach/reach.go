// Package reach knows the written forms of phone numbers and e-mail addresses:
// how they are brought to the form that is stored, and what is none.
package reach

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// homeRegion is where a phone number without a country code belongs.
const homeRegion = "IN"

// Phone returns the E.164 form of a possible number, else the trimmed text, which
// ValidPhone then refuses.
func Phone(s string) string {
	s = strings.TrimSpace(s)
	n, err := phonenumbers.Parse(s, homeRegion)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return s
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// ValidPhone reports whether s is a number in E.164 form.
func ValidPhone(s string) bool {
	if len(s) < 8 || len(s) > 16 || s[0] != '+' {
		return false
	}
	return strings.Trim(s[1:], "0123456789") == ""
}

// Email returns the address as it is stored: trimmed, in lower case.
func Email(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// ValidEmail reports whether s is an address alone, at a domain with a dot.
func ValidEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return strings.Contains(domain, ".") && !strings.HasSuffix(domain, ".")
}
