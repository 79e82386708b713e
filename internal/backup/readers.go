package backup

import (
	"hash"
	"io"
)

// counter counts what passes.
type counter struct {
	to io.Writer
	n  int64
}

// Write passes p on.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

// checked counts and hashes what is read.
type checked struct {
	r    io.Reader
	hash hash.Hash
	n    int64
}

// Read passes on what it read.
func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.hash.Write(p[:n]) // never fails
	return n, err
}

// firstError remembers why a stream broke: who consumes it may only say that it
// ended too soon.
type firstError struct {
	r   io.Reader
	err error
}

// Read passes on what it read.
func (f *firstError) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF && f.err == nil {
		f.err = err
	}
	return n, err
}
