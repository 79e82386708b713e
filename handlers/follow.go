package handlers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
)

const (
	followTimeout = 4 * time.Minute // then the browser connects again, and is asked again who it is
	followEvery   = 500 * time.Millisecond
	heartbeat     = 15 * time.Second // below what proxies take for a dead connection
	reconnect     = 2000             // milliseconds that the browser waits before it connects again
)

// moment is what a page that is followed shows at one time.
type moment struct {
	part templ.Component // the part of the page that changes
	// version names what part shows, for one that can tell: a browser that comes back
	// with it is sent nothing until there is another. "" compares the part itself.
	version string
	ended   bool // nothing more will change
}

// progress tells what a page shows now while something runs.
type progress func(ctx context.Context) (moment, error)

// follow sends server-sent events, each the whole part of the page that changes: a
// browser that comes back needs no more than the next one. The last event is called
// done.
func (s *server) follow(c *fiber.Ctx, of progress) error {
	seen := c.Get("Last-Event-ID") // Immutable makes it ours to keep
	err := s.stream(c, followTimeout, func(ctx context.Context, w io.Writer) error {
		if _, err := fmt.Fprintf(w, "retry: %d\n\n", reconnect); err != nil {
			return err
		}
		return s.sendProgress(ctx, &eventWriter{w: w, at: time.Now(), version: seen}, of)
	})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no")
	return nil
}

func (s *server) sendProgress(ctx context.Context, events *eventWriter, of progress) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		now, err := of(ctx)
		if err != nil {
			return err
		}
		if err := events.send(ctx, now); err != nil {
			return err
		}
		if now.ended {
			_, err := io.WriteString(events.w, "event: done\ndata: done\n\n")
			return err
		}
		select {
		case <-tick.C:
		case <-s.Closing: // the browser connects again, to another process
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// eventWriter sends what changed, and now and then a sign of life.
type eventWriter struct {
	w       io.Writer
	n       int    // events so far
	version string // of what was last sent, for parts that have one
	last    []byte // what was last sent, for parts that have none
	at      time.Time
}

func (e *eventWriter) send(ctx context.Context, m moment) error {
	if m.version != "" && m.version == e.version {
		return e.beat()
	}
	data, err := eventData(ctx, m.part)
	if err != nil {
		return err
	}
	if m.version == "" && bytes.Equal(data, e.last) {
		return e.beat()
	}
	e.n++
	id := m.version
	if id == "" {
		id = strconv.Itoa(e.n)
	}
	e.version, e.last, e.at = m.version, data, time.Now()
	_, err = fmt.Fprintf(e.w, "id: %s\n%s\n", id, data)
	return err
}

// beat sends a comment when nothing was sent for long.
func (e *eventWriter) beat() error {
	if time.Since(e.at) < heartbeat {
		return nil
	}
	e.at = time.Now()
	_, err := io.WriteString(e.w, ":\n\n")
	return err
}

// eventData is the part as the data of one event.
func eventData(ctx context.Context, part templ.Component) ([]byte, error) {
	var html, out bytes.Buffer
	if err := part.Render(ctx, &html); err != nil {
		return nil, err
	}
	for line := range bytes.Lines(html.Bytes()) {
		out.WriteString("data: ")
		out.Write(bytes.TrimRight(line, "\r\n"))
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}
