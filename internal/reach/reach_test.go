package reach_test

import (
	"strings"
	"testing"

	"payaid/internal/reach"
)

func TestPhone(t *testing.T) {
	for in, want := range map[string]string{
		"98765 43210": "+919876543210", " 098765-43210 ": "+919876543210", "+44 20 7946 0958": "+442079460958", "022 2659 8000": "+912226598000",
		"call me": "call me", "": "", "12": "12",
	} {
		got := reach.Phone(in)
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if valid := reach.ValidPhone(got); valid != strings.HasPrefix(want, "+") {
			t.Errorf("%q is valid: %v", got, valid)
		}
	}
}

func TestEmail(t *testing.T) {
	for in, want := range map[string]bool{
		" Asha@Example.IN ": true, "asha@localhost": false, "Asha <asha@example.in>": false, "asha@example.": false, "a\x00@example.in": false,
		strings.Repeat("a", 250) + "@x.in": false, "": false,
	} {
		if got := reach.ValidEmail(reach.Email(in)); got != want {
			t.Errorf("%q is valid: %v", in, got)
		}
	}
}
