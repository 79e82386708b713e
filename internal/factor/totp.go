package factor

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Authenticator apps agree on RFC 6238 with its defaults only: SHA-1, six digits,
// 30 seconds.
const (
	totpPeriod = 30 // seconds
	totpDigits = 6
	totpSecret = 20 // bytes, as RFC 4226 recommends
	// totpSkew is how many steps a phone's clock may be off, in either direction.
	totpSkew = 1
)

var totpEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

func newTOTPSecret() []byte {
	secret := make([]byte, totpSecret)
	_, _ = rand.Read(secret) // never fails
	return secret
}

// hotp returns the code of a counter (RFC 4226, section 5.3).
func hotp(secret []byte, counter int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(counter)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, number%1_000_000)
}

// totpStep finds the step around now whose code this is. It takes the same time
// whatever the code is.
func totpStep(secret []byte, code string, now time.Time) (step int64, ok bool) {
	current := now.Unix() / totpPeriod
	for s := current - totpSkew; s <= current+totpSkew; s++ {
		if subtle.ConstantTimeCompare([]byte(hotp(secret, s)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// otpauth is the address that an authenticator app reads from the QR code.
func otpauth(issuer, account string, secret []byte) string {
	q := url.Values{"secret": {totpEncoding.EncodeToString(secret)}, "issuer": {issuer}}
	label := url.PathEscape(issuer + ":" + account)
	return "otpauth://totp/" + label + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// digits drops what people put between the digits of a code.
func digits(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, code)
}

// Code returns what an authenticator app shows at a time for a secret as
// Proposal.Secret spells it.
func Code(secret string, at time.Time) (string, error) {
	key, err := totpEncoding.DecodeString(strings.ReplaceAll(secret, " ", ""))
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return hotp(key, at.Unix()/totpPeriod), nil
}
