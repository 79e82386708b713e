package factor

import (
	"testing"
	"time"
)

// The vectors of RFC 4226, appendix D.
func TestHOTP(t *testing.T) {
	secret := []byte("12345678901234567890")
	for counter, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := hotp(secret, int64(counter)); got != want {
			t.Errorf("counter %d: %s, want %s", counter, got, want)
		}
	}
}

// The vectors of RFC 6238, appendix B, cut to six digits.
func TestTOTP(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		step, ok := totpStep(secret, want, time.Unix(at, 0))
		if !ok || step != at/totpPeriod {
			t.Errorf("at %d: step %d, %v", at, step, ok)
		}
	}
}

func TestAPhoneMayBeAStepOff(t *testing.T) {
	secret := newTOTPSecret()
	now := time.Unix(1_800_000_000, 0)
	step := now.Unix() / totpPeriod
	for offset, want := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		if got, ok := totpStep(secret, hotp(secret, step+offset), now); ok != want || ok && got != step+offset {
			t.Errorf("offset %d: step %d, %v", offset, got-step, ok)
		}
	}
	for _, code := range []string{"", "12345", "1234567", "abcdef"} {
		if _, ok := totpStep(secret, code, now); ok {
			t.Errorf("%q was taken", code)
		}
	}
}

func TestOtpauth(t *testing.T) {
	got := otpauth("PayAid", "asha+x@example.in", []byte("12345678901234567890"))
	want := "otpauth://totp/PayAid:asha+x@example.in?issuer=PayAid&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	if got != want {
		t.Errorf("got %s", got)
	}
}
