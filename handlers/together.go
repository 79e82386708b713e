package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/api"
)

// together lets a request that only reads look into the cache once for everything.
func (s *server) together(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodGet {
		c.SetUserContext(s.Cache.Together(c.UserContext(), kindOf(c.Path())))
	}
	return c.Next()
}

// kindOf names requests that ask for the same lists: by where they begin.
func kindOf(path string) string {
	rest := strings.TrimPrefix(strings.TrimPrefix(path, api.Prefix), "/")
	name, _, _ := strings.Cut(rest, "/")
	return path[:len(path)-len(rest)] + name
}
