// Package secret protects small values at rest with keys derived from the
// installation's secret (PAYAID_SECRET_KEY): what must be read again is sealed, what
// need only be recognised is hashed. A copy of the database alone opens neither. It
// does not know what the values are, and another secret makes them useless.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrSealed means that a value was sealed with another secret, for another owner,
// or was changed since.
var ErrSealed = errors.New("the value cannot be opened: it was sealed with another PAYAID_SECRET_KEY or was changed")

// Box seals and hashes the values of one purpose. It is safe for concurrent use.
type Box struct {
	aead cipher.AEAD
	key  []byte // of hashes
}

// NewBox returns the box of one purpose, such as "second factors". Boxes of
// different purposes cannot open each other's values.
func NewBox(secret, purpose string) (*Box, error) {
	if secret == "" {
		return nil, errors.New("secret: the installation has no secret key")
	}
	keys, err := hkdf.Key(sha256.New, []byte(secret), nil, "payaid "+purpose, 64)
	if err != nil {
		return nil, fmt.Errorf("derive keys for %s: %w", purpose, err)
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", purpose, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", purpose, err)
	}
	return &Box{aead: aead, key: keys[32:]}, nil
}

// Seal encrypts value for an owner: AES-256-GCM with a random nonce before it.
func (b *Box) Seal(value, owner []byte) []byte { return b.aead.Seal(nil, nil, value, owner) }

// Open returns what was sealed for the same owner, or ErrSealed.
func (b *Box) Open(sealed, owner []byte) ([]byte, error) {
	value, err := b.aead.Open(nil, nil, sealed, owner)
	if err != nil {
		return nil, ErrSealed
	}
	return value, nil
}

// Hash recognises a value of an owner: HMAC-SHA256 under the box's key.
func (b *Box) Hash(value string, owner []byte) []byte {
	mac := hmac.New(sha256.New, b.key)
	mac.Write(owner)
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	return mac.Sum(nil)
}
