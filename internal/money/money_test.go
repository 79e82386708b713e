package money_test

import (
	"math"
	"strings"
	"testing"

	"payaid/internal/money"
)

// The tables use plain spaces and hyphens for readability.
var plain = strings.NewReplacer("\u00a0", " ", "\u2212", "-")

func TestINR(t *testing.T) {
	tests := []struct {
		paise int64
		want  string
	}{
		{0, "₹ 0.00"},
		{5, "₹ 0.05"},
		{-5, "-₹ 0.05"},
		{99_999, "₹ 999.99"},
		{100_000, "₹ 1,000.00"},
		{9_999_900, "₹ 99,999.00"},
		{10_000_000, "₹ 1,00,000.00"},
		{123_456_700, "₹ 12,34,567.00"},
		{-123_456_789_012, "-₹ 1,23,45,67,890.12"},
		{math.MaxInt64, "₹ 92,23,37,20,36,85,47,758.07"},
		{math.MinInt64, "-₹ 92,23,37,20,36,85,47,758.08"},
	}
	for _, tt := range tests {
		if got := plain.Replace(money.INR(tt.paise)); got != tt.want {
			t.Errorf("INR(%d) = %q, want %q", tt.paise, got, tt.want)
		}
	}
}

func TestINRShort(t *testing.T) {
	tests := []struct {
		paise int64
		want  string
	}{
		{0, "₹ 0"},
		{49, "₹ 0"},
		{50, "₹ 1"},
		{95_000, "₹ 950"},
		{99_949, "₹ 999"},
		{99_950, "₹ 1.0 K"},
		{1_234_500, "₹ 12.3 K"},
		{9_994_999, "₹ 99.9 K"},
		{9_995_000, "₹ 1.0 L"},
		{123_000_000, "₹ 12.3 L"},
		{999_500_000, "₹ 1.00 Cr"},
		{4_560_000_000, "₹ 4.56 Cr"},
		{1_234_567_000_000, "₹ 1,234.57 Cr"},
		{-123_000_000, "-₹ 12.3 L"},
		{math.MinInt64, "-₹ 9,22,33,72,036.85 Cr"},
	}
	for _, tt := range tests {
		if got := plain.Replace(money.INRShort(tt.paise)); got != tt.want {
			t.Errorf("INRShort(%d) = %q, want %q", tt.paise, got, tt.want)
		}
	}
}

func TestMoneyUsesNoBreakSpaceAndMinus(t *testing.T) {
	if got := money.INR(-100); got != "\u2212₹\u00a01.00" {
		t.Errorf("INR(-100) = %q", got)
	}
}

func TestParseINR(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "12": 1200, "₹ 12,34,567.5": 123456750, " 0.05 ": 5, "1.50": 150, "92233720368547758.07": math.MaxInt64,
	} {
		if got, ok := money.ParseINR(text); !ok || got != want {
			t.Errorf("ParseINR(%q) = %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-1", "1.", ".5", "1.234", "ten", "1e3", "92233720368547758.08", "1.2.3"} {
		if got, ok := money.ParseINR(text); ok {
			t.Errorf("ParseINR(%q) = %d, want it refused", text, got)
		}
	}
}
