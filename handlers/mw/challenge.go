package mw

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"payaid/internal/apperr"
	"payaid/internal/session"
)

// challengeLife is how long a person may take to answer a passkey's challenge.
const challengeLife = 5 * time.Minute

// KeepChallenge keeps what is known of a challenge for this browser and one
// purpose; a newer one takes its place.
func (s *Sessions) KeepChallenge(c *fiber.Ctx, purpose string, kept []byte) error {
	return busy(s.store.KeepOnce(c.UserContext(), challengeName(c, purpose), kept, challengeLife))
}

// TakeChallenge gives back what KeepChallenge kept, once. It answers BusinessRule
// when there is nothing, or its five minutes are over.
func (s *Sessions) TakeChallenge(c *fiber.Ctx, purpose string) ([]byte, error) {
	kept, err := s.store.TakeOnce(c.UserContext(), challengeName(c, purpose))
	if errors.Is(err, session.ErrNotFound) {
		return nil, apperr.New(apperr.BusinessRule, "This took too long, or was sent twice. Please try again.")
	}
	return kept, busy(err)
}

// challengeName ties a challenge to the browser as its forms are tied.
func challengeName(c *fiber.Ctx, purpose string) string {
	sum := sha256.Sum256([]byte(Token(c)))
	return "passkey:" + purpose + ":" + hex.EncodeToString(sum[:])
}
