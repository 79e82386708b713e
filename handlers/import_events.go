package handlers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/views/imports"
)

const (
	followTimeout = 4 * time.Minute // then the browser connects again, and is asked again who it is
	followEvery   = 500 * time.Millisecond
	heartbeat     = 15 * time.Second // below what proxies take for a dead connection
	reconnect     = 2000             // milliseconds that the browser waits before it connects again
)

// followImport sends the progress of an import as server-sent events.
func (s *server) followImport(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.CRM.Import(c.UserContext(), p, id); err != nil {
		return err
	}
	token := mw.Token(c)
	return s.follow(c, func(ctx context.Context) (templ.Component, bool, error) {
		started, err := s.CRM.Import(ctx, p, id)
		if err != nil {
			return nil, false, err
		}
		props, err := s.importProps(ctx, p, started, 0)
		props.CSRF = token
		return imports.Live(props), imports.Done(started), err
	})
}

// progress is the part of a page that changes while something runs, and whether it
// has ended.
type progress func(ctx context.Context) (part templ.Component, ended bool, err error)

// follow sends server-sent events, each the whole part of the page that changes: a
// browser that comes back needs no more than the next one. The last event is called
// done.
func (s *server) follow(c *fiber.Ctx, of progress) error {
	err := s.stream(c, followTimeout, func(ctx context.Context, w io.Writer) error {
		if _, err := fmt.Fprintf(w, "retry: %d\n\n", reconnect); err != nil {
			return err
		}
		return s.sendProgress(ctx, w, of)
	})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no")
	return nil
}

func (s *server) sendProgress(ctx context.Context, w io.Writer, of progress) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	events := eventWriter{w: w, at: time.Now()}
	for {
		data, done, err := of.event(ctx)
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

// event is the data of one event, and whether it is the last.
func (of progress) event(ctx context.Context) ([]byte, bool, error) {
	part, ended, err := of(ctx)
	if err != nil {
		return nil, false, err
	}
	var html bytes.Buffer
	if err := part.Render(ctx, &html); err != nil {
		return nil, false, err
	}
	var out bytes.Buffer
	for line := range bytes.Lines(html.Bytes()) {
		out.WriteString("data: ")
		out.Write(bytes.TrimRight(line, "\r\n"))
		out.WriteByte('\n')
	}
	return out.Bytes(), ended, nil
}
