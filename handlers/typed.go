package handlers

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/respond"
	"payaid/views/errors"
)

// maxTyped bounds the form that is shown back.
const maxTyped = 64 << 10

// unsent says what became of a plain form that could not be taken because its
// session or its token is over, and shows what was typed, to be copied: the browser
// that sent it may no longer have it. Secrets are left out.
func unsent(c *fiber.Ctx, p respond.Problem, props errors.Props) errors.Props {
	over := p.Status == fiber.StatusUnauthorized || p.Status == fiber.StatusForbidden
	length := c.Request().Header.ContentLength()
	if c.Method() != fiber.MethodPost || !over || length <= 0 || length > maxTyped || !strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEApplicationForm) {
		return props
	}
	if site := c.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return props
	}
	for name, value := range c.Request().PostArgs().All() {
		field := errors.Typed{Name: string(name), Value: string(value)}
		if field.Value != "" && !secret(field.Name) {
			props.Typed = append(props.Typed, field)
		}
	}
	if p.Status == fiber.StatusUnauthorized {
		props.Title = "This was not saved"
		props.Message = "Your session had ended before the form was sent. Sign in, open the form again and send it once more."
		props.Back, props.BackLabel = "/login", "Sign in"
	}
	return props
}

// secret reports whether a field is nobody's to read over somebody's shoulder, or
// of no use to a person.
func secret(name string) bool {
	hidden := []string{"_csrf", "next", "version", "current", "new", "code", "token", "secret", "identity"}
	return slices.Contains(hidden, name) || strings.Contains(strings.ToLower(name), "password")
}
