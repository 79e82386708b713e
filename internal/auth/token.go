package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// linkBytes is what a link carries: too much to guess, so that it needs no slow
// hash.
const linkBytes = 32

// NewToken returns the secret of a link that is sent by mail. Only its TokenHash
// is kept.
func NewToken() (string, error) {
	b := make([]byte, linkBytes)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// TokenHash is how a link is kept and looked for.
func TokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
