package handlers

import (
	"github.com/gofiber/fiber/v2"
)

// staticFile serves an embedded file. Names that hold a hash never change.
func (s *server) staticFile(c *fiber.Ctx) error { return s.sendStatic(c, c.Params("*")) }

func (s *server) favicon(c *fiber.Ctx) error { return s.sendStatic(c, "icon.svg") }

func (s *server) robots(c *fiber.Ctx) error { return s.sendStatic(c, "robots.txt") }

func (s *server) sendStatic(c *fiber.Ctx, name string) error {
	file, immutable, ok := s.Static.Lookup(name)
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	if immutable {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderETag, file.ETag)
	if c.Get(fiber.HeaderIfNoneMatch) == file.ETag {
		return c.SendStatus(fiber.StatusNotModified)
	}
	body, encoding, err := file.Encoded(c.Get(fiber.HeaderAcceptEncoding))
	if err != nil {
		return err
	}
	if encoding != "" {
		c.Set(fiber.HeaderContentEncoding, encoding)
	}
	c.Set(fiber.HeaderContentType, file.ContentType)
	return c.Send(body)
}
