package handlers

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Check asks one server that PayAid depends on.
type Check struct {
	Name     string
	Required bool // without it the process may take no traffic
	Ask      func(ctx context.Context) error
}

// checkTimeout bounds each check.
const checkTimeout = 500 * time.Millisecond

type health struct {
	Status string            `json:"status"` // ready, degraded or unready
	Checks map[string]string `json:"checks"` // ok or failed
}

// healthz says that the process lives.
func (s *server) healthz(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"status": "ok"})
}

// readyz says whether the process may take traffic, and how each server is that
// it depends on. What failed and why is in the log.
func (s *server) readyz(c *fiber.Ctx) error {
	h := health{Status: "ready", Checks: map[string]string{}}
	type answer struct {
		check Check
		err   error
	}
	answers := make(chan answer, len(s.Checks))
	for _, check := range s.Checks {
		go func() {
			ctx, cancel := context.WithTimeout(c.UserContext(), checkTimeout)
			defer cancel()
			answers <- answer{check, check.Ask(ctx)}
		}()
	}
	for range s.Checks {
		a := <-answers
		h.Checks[a.check.Name] = "ok"
		if a.err == nil {
			continue
		}
		s.Log.WarnContext(c.UserContext(), "not ready", "check", a.check.Name, "err", a.err)
		h.Checks[a.check.Name] = "failed"
		if a.check.Required {
			h.Status = "unready"
		} else if h.Status == "ready" {
			h.Status = "degraded"
		}
	}
	if s.closing() {
		h.Status = "unready"
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	if h.Status == "unready" {
		c.Status(fiber.StatusServiceUnavailable)
	}
	return c.JSON(h)
}

func (s *server) closing() bool {
	select {
	case <-s.Closing:
		return true
	default:
		return false
	}
}
