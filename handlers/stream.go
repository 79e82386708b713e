package handlers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/respond"
)

// streamBuffer is read ahead of a slow reader.
const streamBuffer = 32 << 10

// stream answers with what write writes, while it is being written, for at most
// limit. An error before the first byte becomes an error answer; one after it
// breaks the connection off, so that nobody takes a part for the whole. write
// must not touch c, which by then serves another request.
func (s *server) stream(c *fiber.Ctx, limit time.Duration, write func(ctx context.Context, w io.Writer) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.UserContext()), limit)
	reader, writer := io.Pipe()
	id, path := respond.RequestID(c), c.Path()
	go func() {
		defer cancel()
		err := guarded(ctx, writer, write)
		if err != nil && !errors.Is(err, io.ErrClosedPipe) { // that one is a reader who left
			s.Log.ErrorContext(ctx, "stream broken off", "requestId", id, "path", path, "err", err)
		}
		_ = writer.CloseWithError(err) // never fails
	}()
	body := bufio.NewReaderSize(reader, streamBuffer)
	if _, err := body.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	c.Context().SetBodyStream(streamBody{body, reader}, -1)
	return nil
}

// streamBody tells the writer when nobody reads any more.
type streamBody struct {
	io.Reader
	io.Closer
}

// guarded turns a panic into an error: outside a handler nothing else would keep
// it from ending the process.
func guarded(ctx context.Context, w io.Writer, write func(ctx context.Context, w io.Writer) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return write(ctx, w)
}
