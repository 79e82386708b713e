package gstin_test

import (
	"testing"

	"payaid/internal/gstin"
)

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		"27AAPFU0939F1ZV":  true,
		"24AANFA2641L1ZF":  true,
		"29AAGCB7383J1Z4":  true,
		"24AAQCA8719H1ZC":  true,
		"07AAGFF2194N1Z1":  true,
		"27AAPFU0939F1ZW":  false, // check digit
		"27AAPFU0993F1ZV":  false, // two digits swapped
		"25AAPFU0939F1ZV":  false, // no such state
		"27AAPFU0939F1Z":   false,
		"27aapfu0939f1zv":  false, // not normalised
		"27AAPFU0939F1ZVX": false,
		"":                 false,
	} {
		if got := gstin.Valid(s); got != want {
			t.Errorf("Valid(%q) = %v", s, got)
		}
	}
}

func TestNormalize(t *testing.T) {
	if got := gstin.Normalize(" 27-aapfu0939f 1zv"); got != "27AAPFU0939F1ZV" {
		t.Error(got)
	}
	if gstin.State("37") != "Andhra Pradesh" || gstin.State("28") != "" {
		t.Error("state codes")
	}
}
