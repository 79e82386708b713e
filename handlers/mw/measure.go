package mw

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"payaid/internal/metrics"
)

// Measure counts each request by the route that answered it, and how long that took.
func Measure(m *metrics.Metrics) fiber.Handler {
	return func(c *fiber.Ctx) error {
		end := m.Begin()
		err := c.Next()
		end(c.Method(), routeName(c), c.Response().StatusCode())
		return err
	}
}

// noRoute stands for every path that no route answers: those who try paths must not
// make a figure for each.
const noRoute = "none"

// routeName is the pattern of the route that answered. What no route answers ends in
// middleware, whose pattern is the beginning of the path only.
func routeName(c *fiber.Ctx) string {
	name := c.Route().Path
	if !strings.ContainsAny(name, ":*") && !strings.EqualFold(strings.TrimRight(name, "/"), strings.TrimRight(c.Path(), "/")) {
		return noRoute
	}
	return name
}

// Unproxied answers as if there were nothing when the request came through a proxy:
// what is behind it is for machines of the same network. A proxy ought to close the
// path itself; this holds where it was forgotten.
func Unproxied(c *fiber.Ctx) error {
	for _, header := range []string{fiber.HeaderXForwardedFor, fiber.HeaderForwarded, fiber.HeaderVia} {
		if c.Get(header) != "" {
			return fiber.ErrNotFound
		}
	}
	return c.Next()
}
