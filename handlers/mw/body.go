package mw

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"payaid/internal/apperr"
)

const (
	// inMemory is how much of a body without an announced length is kept in memory.
	inMemory = 1 << 20
	// lingering is how much of a body over its limit is still read: a sender whose
	// connection closes while it sends never sees the answer.
	lingering = 256 << 20
)

// UnreadBody closes the connection behind a request whose body was not read to
// its end: the rest would be taken for the next request of that connection, which
// behind a proxy may be somebody else's.
func UnreadBody(c *fiber.Ctx) error {
	err := c.Next()
	if c.Request().IsBodyStream() && c.Request().Header.ContentLength() != 0 {
		c.Context().SetConnectionClose()
	}
	return err
}

// BodyLimit refuses bodies over n bytes. With streamed bodies Fiber's own limit
// does not answer. A body of unknown length is read here, the larger ones into a
// file that is gone with the request.
func BodyLimit(n int64) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if c.Get(fiber.HeaderContentEncoding) != "" { // nobody knows how large it becomes
			return apperr.New(apperr.UnsupportedMedia, "Send the content without compression.")
		}
		length, body := int64(c.Request().Header.ContentLength()), c.Request().BodyStream()
		switch {
		case length > n:
			return tooLarge(body, n)
		case length >= 0 || body == nil:
			return c.Next()
		case n <= inMemory:
			data, err := io.ReadAll(io.LimitReader(body, n+1))
			if err != nil {
				return unreadable(err)
			}
			if int64(len(data)) > n {
				return tooLarge(body, n)
			}
			c.Request().SetBody(data)
			return c.Next()
		}
		return spool(c, body, n)
	}
}

// spool goes on with a body that was read into a file first.
func spool(c *fiber.Ctx, body io.Reader, n int64) error {
	f, err := os.CreateTemp("", "payaid-upload-*")
	if err != nil {
		return fmt.Errorf("keep the upload: %w", err)
	}
	defer func() { _ = f.Close() }() // closed before when the body was read
	if err := os.Remove(f.Name()); err != nil {
		return fmt.Errorf("keep the upload: %w", err)
	}
	size, err := io.Copy(f, io.LimitReader(body, n+1))
	if err != nil {
		return unreadable(err)
	}
	if size > n {
		return tooLarge(body, n)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("keep the upload: %w", err)
	}
	c.Request().SetBodyStream(f, int(size))
	return c.Next()
}

func unreadable(err error) error {
	return apperr.Wrap(err, apperr.InvalidInput, "The request could not be read.")
}

func tooLarge(rest io.Reader, n int64) error {
	if rest != nil {
		_, _ = io.CopyN(io.Discard, rest, lingering) // only for the sender's sake
	}
	size := strconv.FormatInt(n>>10, 10) + " KiB"
	if n >= 1<<20 {
		size = strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return apperr.New(apperr.TooLarge, "What was sent is larger than the %s that this address accepts.", size)
}
