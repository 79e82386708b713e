package blob

import (
	"context"
	"io"
)

// body is the stream that a Get returns: it ends with the context, also where bytes have already arrived.
type body struct {
	io.ReadCloser
	ctx context.Context //nolint:containedctx // a reader has no other way to learn that its call has ended
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.ReadCloser.Read(p)
}
