package backup

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"payaid/internal/blob"
)

// maxWindow bounds the memory that decompressing takes, in bytes.
const maxWindow = 64 << 20

// store compresses, encrypts and stores what produce writes, without ever holding
// it whole. It returns what was stored and how long it was before. When anything
// fails, nothing is stored.
func (s *Service) store(ctx context.Context, id uuid.UUID, name string, to []age.Recipient, produce func(ctx context.Context, w io.Writer) error) (Part, int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	plain := &counter{}
	produced := make(chan error, 1)
	go func() {
		err := encode(w, to, func(zw io.Writer) error {
			plain.to = zw
			return produce(ctx, plain)
		})
		// The reader learns the cause, and so never finishes the object.
		_ = w.CloseWithError(err) // returns nil always
		produced <- err
	}()
	info, err := s.o.Store.Put(ctx, key(id, name), r, -1, "application/octet-stream")
	_ = r.CloseWithError(cmp.Or(err, io.ErrClosedPipe)) // returns nil always
	if err != nil {
		cancel()
	}
	made := <-produced
	switch {
	case err != nil && made != nil && errors.Is(err, made):
		return Part{}, 0, made // the store only passes on why its source broke
	case err != nil:
		return Part{}, 0, fmt.Errorf("store %s: %w", name, err)
	}
	return Part{Size: info.Size, SHA256: info.SHA256}, plain.n, nil
}

// encode gives produce a writer whose bytes reach w compressed and encrypted.
func encode(w io.Writer, to []age.Recipient, produce func(io.Writer) error) error {
	aw, err := age.Encrypt(w, to...)
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	// One block at a time: encryption and the disk are slower than a second one.
	zw, err := zstd.NewWriter(aw, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("compress: %w", err)
	}
	if err := produce(zw); err != nil {
		_ = zw.Close() // gives its memory back; what it writes is thrown away
		return err
	}
	if err := zw.Close(); err != nil {
		return fmt.Errorf("compress: %w", err)
	}
	if err := aw.Close(); err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	return nil
}

// retrieve gives consume the bytes that were stored, decrypted and decompressed.
// What consume reads to the end was whole: nil is returned only when every stored
// byte matched the checksum of the manifest.
func (s *Service) retrieve(ctx context.Context, id uuid.UUID, name string, want Part, keys []age.Identity, consume func(r io.Reader) error) error {
	stored, _, err := s.o.Store.Get(ctx, key(id, name))
	if err != nil {
		return damaged(name, err)
	}
	defer func() { _ = stored.Close() }() // only read
	sum := &checked{r: stored, hash: sha256.New()}
	ar, err := age.Decrypt(sum, keys...)
	if err != nil {
		return fmt.Errorf("%w: %s: decrypt: %w", ErrDamaged, name, err)
	}
	zr, err := zstd.NewReader(ar, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return fmt.Errorf("%w: %s: decompress: %w", ErrDamaged, name, err)
	}
	defer zr.Close()
	source := &firstError{r: zr}
	used := consume(source)
	if source.err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, name, source.err)
	}
	if used != nil {
		return used
	}
	if _, err := io.Copy(io.Discard, source); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, name, err)
	}
	return sum.compare(name, want)
}

// verifyPart reads a stored object to its end and compares its checksum.
func (s *Service) verifyPart(ctx context.Context, id uuid.UUID, name string, want Part) error {
	stored, _, err := s.o.Store.Get(ctx, key(id, name))
	if err != nil {
		return damaged(name, err)
	}
	defer func() { _ = stored.Close() }() // only read
	return (&checked{r: stored, hash: sha256.New()}).compare(name, want)
}

// damaged tells what is the backup's fault from what is the store's.
func damaged(name string, err error) error {
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return fmt.Errorf("%w: %s is missing", ErrDamaged, name)
	case errors.Is(err, blob.ErrDamaged):
		return fmt.Errorf("%w: %s: %w", ErrDamaged, name, err)
	}
	return fmt.Errorf("read %s: %w", name, err)
}

// compare reads the rest and compares all of it with the manifest.
func (c *checked) compare(name string, want Part) error {
	if _, err := io.Copy(io.Discard, c); err != nil {
		return damaged(name, err)
	}
	if got := hex.EncodeToString(c.hash.Sum(nil)); c.n != want.Size || got != want.SHA256 {
		return fmt.Errorf("%w: %s has %d bytes with checksum %.12s…, the manifest says %d with %.12s…", ErrDamaged, name, c.n, got, want.Size, want.SHA256)
	}
	return nil
}
