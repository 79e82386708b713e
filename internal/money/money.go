// Package money writes amounts the Indian way. An amount is an integer number of paise everywhere in PayAid; this package
// turns it into text for people and does no arithmetic and no rounding of stored values.
package money

import (
	"strconv"
	"strings"
)

const (
	paisePerRupee = 100
	rupeesPerLakh = 100_000
	nbsp          = "\u00a0"
	minus         = "\u2212"
)

// INR writes an amount of paise in full, with lakh and crore grouping: "₹ 12,34,567.00". The space is a no-break space and a
// negative amount has a minus sign (U+2212) before the rupee sign.
func INR(paise int64) string {
	sign, n := split(paise)
	return sign + "₹" + nbsp + group(n/paisePerRupee) + "." + pad2(n%paisePerRupee)
}

// INRShort writes an amount of paise for a tile, rounded half away from zero: "₹ 950", "₹ 12.3 K", "₹ 12.3 L", "₹ 4.56 Cr".
// Show INR beside it, in the title.
func INRShort(paise int64) string {
	sign, n := split(paise)
	rupee := sign + "₹" + nbsp
	if r := round(n, paisePerRupee); r < 1000 {
		return rupee + group(r)
	}
	if k := round(n, 100*paisePerRupee); k < 1000 { // tenths of a thousand
		return rupee + tenths(k) + nbsp + "K"
	}
	if l := round(n, rupeesPerLakh/10*paisePerRupee); l < 1000 { // tenths of a lakh
		return rupee + tenths(l) + nbsp + "L"
	}
	c := round(n, rupeesPerLakh*paisePerRupee) // hundredths of a crore
	return rupee + group(c/100) + "." + pad2(c%100) + nbsp + "Cr"
}

// split gives the sign and the absolute value; the unsigned result also holds that of the smallest int64.
func split(paise int64) (sign string, abs uint64) {
	if paise < 0 {
		return minus, -uint64(paise)
	}
	return "", uint64(paise)
}

func round(n, unit uint64) uint64 { return (n + unit/2) / unit }

func tenths(n uint64) string {
	return strconv.FormatUint(n/10, 10) + "." + strconv.FormatUint(n%10, 10)
}

func pad2(n uint64) string { return string([]byte{'0' + byte(n/10), '0' + byte(n%10)}) }

// group sets a comma before the last three digits and then before every two.
func group(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	if len(digits) <= 3 {
		return digits
	}
	head, out := digits[:len(digits)-3], ","+digits[len(digits)-3:]
	for len(head) > 2 {
		out = "," + head[len(head)-2:] + out
		head = head[:len(head)-2]
	}
	return head + out
}

// ParseINR reads an amount of rupees as people type it, "₹ 12,34,567.50", and
// returns it in paise. ok is false for anything else, also for what is too large.
func ParseINR(s string) (paise int64, ok bool) {
	s = strings.NewReplacer("₹", "", ",", "", " ", "", nbsp, "").Replace(strings.TrimSpace(s))
	rupees, rest, hasPoint := strings.Cut(s, ".")
	if rupees == "" || hasPoint && (len(rest) == 0 || len(rest) > 2) || strings.Trim(rupees+rest, "0123456789") != "" {
		return 0, false
	}
	paise, err := strconv.ParseInt(rupees+(rest + "00")[:2], 10, 64)
	return paise, err == nil
}
