// Package gstin checks GST identification numbers of regular taxpayers.
package gstin

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The form of a regular taxpayer's number (GST registration rules): state code,
// PAN, entity number, a reserved letter, check digit.
var form = regexp.MustCompile(`^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z][Z1-9ABD-J][0-9A-Z]$`)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// Normalize takes out spaces and hyphens and turns letters to upper case.
func Normalize(s string) string {
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(strings.ToUpper(s))
}

// Valid reports whether the normalised number s has the right form, a state that
// exists and the right check digit.
func Valid(s string) bool {
	return form.MatchString(s) && states[s[:2]] != "" && s[14] == checkDigit(s[:14])
}

// checkDigit weighs the first 14 characters 1, 2, 1, 2 … in base 36 and completes
// the digit sum of the products to a multiple of 36.
func checkDigit(first14 string) byte {
	sum := 0
	for i := range len(first14) {
		product := strings.IndexByte(alphabet, first14[i]) * (1 + i%2)
		sum += product/36 + product%36
	}
	return alphabet[(36-sum%36)%36]
}

// State returns the name of the state with a two-digit GST state code, or "".
func State(code string) string { return states[code] }

// StateCodes lists the state codes in the order of the states' names.
func StateCodes() []string {
	return slices.SortedFunc(maps.Keys(states), func(a, b string) int { return strings.Compare(states[a], states[b]) })
}

var states = map[string]string{
	"01": "Jammu and Kashmir", "02": "Himachal Pradesh", "03": "Punjab", "04": "Chandigarh", "05": "Uttarakhand", "06": "Haryana",
	"07": "Delhi", "08": "Rajasthan", "09": "Uttar Pradesh", "10": "Bihar", "11": "Sikkim", "12": "Arunachal Pradesh", "13": "Nagaland",
	"14": "Manipur", "15": "Mizoram", "16": "Tripura", "17": "Meghalaya", "18": "Assam", "19": "West Bengal", "20": "Jharkhand",
	"21": "Odisha", "22": "Chhattisgarh", "23": "Madhya Pradesh", "24": "Gujarat", "26": "Dadra and Nagar Haveli and Daman and Diu",
	"27": "Maharashtra", "29": "Karnataka", "30": "Goa", "31": "Lakshadweep", "32": "Kerala", "33": "Tamil Nadu", "34": "Puducherry",
	"35": "Andaman and Nicobar Islands", "36": "Telangana", "37": "Andhra Pradesh", "38": "Ladakh", "96": "Other countries", "97": "Other territory",
}
