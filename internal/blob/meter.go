package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
)

// errStopped means that a store did not read its stream to the end.
var errStopped = errors.New("the upload stopped early")

// meter reads the stream of a Put: it counts and hashes the bytes and fails before their last one is handed on when there are more or
// fewer than there should be, so that no store finishes an object of the wrong size.
type meter struct {
	ctx   context.Context //nolint:containedctx // a reader has no other way to learn that its call has ended
	src   io.Reader
	limit int64 // the most bytes there may be
	exact bool  // there must be as many as limit

	mu    sync.Mutex // net/http may read on for a moment after a request has failed
	hash  hash.Hash
	count int64
	err   error // what ended the stream, io.EOF when it was complete
}

func newMeter(ctx context.Context, src io.Reader, size, maxSize int64) (*meter, error) {
	m := &meter{ctx: ctx, src: src, hash: sha256.New(), limit: maxSize}
	if size >= 0 {
		m.limit, m.exact = size, true
	}
	if m.limit > maxSize {
		return nil, fmt.Errorf("%w: %d bytes, at most %d can be stored", ErrSize, size, maxSize)
	}
	if m.limit == 0 {
		// A store need not read a stream that is said to be empty.
		if _, err := m.Read(nil); err != io.EOF { //nolint:errorlint // Read returns the bare one
			return nil, err
		}
	}
	return m, nil
}

func (m *meter) Read(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.read(p)
	m.err = err
	return n, err
}

func (m *meter) read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.src.Read(p)
	m.count += int64(n)
	m.hash.Write(p[:n])
	if err == nil && m.count == m.limit {
		err = m.expectEnd()
	}
	switch {
	case m.count > m.limit:
		return 0, fmt.Errorf("%w: more than %d bytes", ErrSize, m.limit)
	case err == nil:
		return n, nil
	case err != io.EOF: //nolint:errorlint // a wrapped EOF is not an end
		// Never the bare error: an io.ErrUnexpectedEOF would look like the regular end of a part to minio-go.
		return 0, fmt.Errorf("read the source: %w", err)
	case m.exact && m.count < m.limit:
		return 0, fmt.Errorf("%w: %d bytes instead of %d", ErrSize, m.count, m.limit)
	default:
		return n, io.EOF
	}
}

// expectEnd looks for one more byte after the last allowed one.
func (m *meter) expectEnd() error {
	var extra [1]byte
	n, err := io.ReadFull(m.src, extra[:])
	m.count += int64(n)
	return err
}

// finish ends the reading: the source is not touched afterwards. It returns nil when the stream was read to its regular end, else why
// it was not.
func (m *meter) finish() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.err = errStopped
	}
	if m.err == io.EOF { //nolint:errorlint // set by Read
		return nil
	}
	return m.err
}

func (m *meter) sha256() string { return hex.EncodeToString(m.hash.Sum(nil)) }
