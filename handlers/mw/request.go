// Package mw holds what happens around every handler: the request's id and log
// line, time limits, security headers, who asks, CSRF, rate and size limits.
package mw

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/respond"
)

// A caller's own id is taken over when it is harmless in a log and a page.
var harmlessID = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// RequestID gives each request an id, which comes back in the X-Request-ID
// header, in errors and in the log.
func RequestID(c *fiber.Ctx) error {
	id := c.Get(fiber.HeaderXRequestID)
	if !harmlessID.MatchString(id) {
		id = uuid.Must(uuid.NewV7()).String()
	}
	respond.SetRequestID(c, id)
	return c.Next()
}

// Log answers errors, so that the line tells the status people saw, and writes
// one line for each request.
func Log(log *slog.Logger, r *respond.Responder) fiber.Handler {
	return func(c *fiber.Ctx) error {
		start := time.Now()
		if err := safely(c); err != nil {
			if err := r.Error(c, err); err != nil {
				return err
			}
		}
		status := c.Response().StatusCode()
		level := slog.LevelInfo
		if status >= fiber.StatusInternalServerError {
			level = slog.LevelError
		} else if quiet(c) {
			level = slog.LevelDebug
		}
		attrs := []slog.Attr{
			slog.String("requestId", respond.RequestID(c)), slog.String("method", c.Method()), slog.String("path", c.Path()),
			slog.String("route", c.Route().Path), slog.Int("status", status), slog.Duration("took", time.Since(start)), slog.String("ip", IP(c)),
		}
		if p, ok := Principal(c); ok {
			attrs = append(attrs, slog.String("tenant", p.TenantID.String()), slog.String("actor", p.Actor().ID.String()))
		}
		log.LogAttrs(c.UserContext(), level, "request", attrs...)
		return nil
	}
}

// quiet requests come every few seconds from machines, or many with each page.
func quiet(c *fiber.Ctx) bool {
	p := c.Path()
	return p == "/healthz" || p == "/readyz" || p == "/metrics" || len(p) > 8 && p[:8] == "/static/"
}

// safely runs the handler and turns a panic into an error with its stack.
func safely(c *fiber.Ctx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.Next()
}

// Timeout gives the handlers a context that ends after d. Fiber's own has no
// deadline, and c.Context() is cancelled the moment a shutdown begins.
func Timeout(d time.Duration) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, cancel := context.WithTimeout(c.UserContext(), d)
		defer cancel()
		c.SetUserContext(ctx)
		return c.Next()
	}
}

// Drain tells clients to leave once the process begins to stop: a proxy that
// holds no connection any more has none that could be cut under a request.
func Drain(closing <-chan struct{}) fiber.Handler {
	return func(c *fiber.Ctx) error {
		select {
		case <-closing:
			c.Context().SetConnectionClose()
		default:
		}
		return c.Next()
	}
}
