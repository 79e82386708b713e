package handlers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/internal/auth"
	"payaid/views/imports"
)

const (
	followTimeout = 4 * time.Minute // then the browser connects again, and is asked again who it is
	followEvery   = 500 * time.Millisecond
	heartbeat     = 15 * time.Second // below what proxies take for a dead connection
	reconnect     = 2000             // milliseconds that the browser waits before it connects again
)

// followImport sends the progress of an import as server-sent events, each the
// whole part of the page that changes: a browser that comes back needs no more
// than the next one. The last event is called done.
func (s *server) followImport(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.CRM.Import(c.UserContext(), p, id); err != nil {
		return err
	}
	err = s.stream(c, followTimeout, func(ctx context.Context, w io.Writer) error {
		if _, err := fmt.Fprintf(w, "retry: %d\n\n", reconnect); err != nil {
			return err
		}
		return s.sendProgress(ctx, w, p, id)
	})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no")
	return nil
}

func (s *server) sendProgress(ctx context.Context, w io.Writer, p auth.Principal, id uuid.UUID) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	events := eventWriter{w: w, at: time.Now()}
	for {
		data, done, err := s.progressEvent(ctx, p, id)
		if err != nil {
			return err
		}
		if err := events.send(data); err != nil {
			return err
		}
		if done {
			_, err := io.WriteString(w, "event: done\ndata: done\n\n")
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

// eventWriter sends data that changed, and now and then a sign of life.
type eventWriter struct {
	w    io.Writer
	n    int // events so far
	last []byte
	at   time.Time // when something was last sent
}

func (e *eventWriter) send(data []byte) error {
	var out []byte
	switch {
	case !bytes.Equal(data, e.last):
		e.n++
		out = fmt.Appendf(nil, "id: %d\n%s\n", e.n, data)
	case time.Since(e.at) >= heartbeat:
		out = []byte(":\n\n")
	default:
		return nil
	}
	e.last, e.at = data, time.Now()
	_, err := e.w.Write(out)
	return err
}

// progressEvent is the data of one event, and whether it is the last.
func (s *server) progressEvent(ctx context.Context, p auth.Principal, id uuid.UUID) ([]byte, bool, error) {
	started, err := s.CRM.Import(ctx, p, id)
	if err != nil {
		return nil, false, err
	}
	props, err := s.importProps(ctx, p, started, 0)
	if err != nil {
		return nil, false, err
	}
	var html bytes.Buffer
	if err := imports.Live(props).Render(ctx, &html); err != nil {
		return nil, false, err
	}
	var out bytes.Buffer
	for line := range bytes.Lines(html.Bytes()) {
		out.WriteString("data: ")
		out.Write(bytes.TrimRight(line, "\r\n"))
		out.WriteByte('\n')
	}
	return out.Bytes(), imports.Done(started), nil
}
