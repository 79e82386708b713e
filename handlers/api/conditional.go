package api

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// conditional gives what was read an entity tag, unless the operation gave it one,
// and answers 304 to those who have it already.
func conditional(c *fiber.Ctx) error {
	method := c.Method()
	if method != fiber.MethodGet && method != fiber.MethodHead || c.Response().StatusCode() != fiber.StatusOK || c.Response().IsBodyStream() {
		return nil
	}
	tag := string(c.Response().Header.Peek(fiber.HeaderETag))
	if tag == "" {
		tag = entityTag(c.Response().Body())
		c.Set(fiber.HeaderETag, tag)
	}
	if names(c.Get(fiber.HeaderIfNoneMatch), tag) {
		c.Response().ResetBody()
		c.Status(fiber.StatusNotModified)
	}
	return nil
}

// entityTag is made from the content alone.
func entityTag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// names reports whether the list of entity tags holds tag. Weak and strong tags
// are the same here, as RFC 9110 has it for If-None-Match.
func names(list, tag string) bool {
	for candidate := range strings.SplitSeq(list, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == tag || candidate == "*" {
			return true
		}
	}
	return false
}
