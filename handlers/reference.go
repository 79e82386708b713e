package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/api"
	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/views/layout"
)

// showReference shows the API's document as a page to try things in. It is public,
// as the document is.
func (s *server) showReference(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentSecurityPolicy, mw.ReferenceCSP)
	return respond.Render(c, layout.Reference(s.frame(c, "API reference", ""), api.DocumentJSON))
}
