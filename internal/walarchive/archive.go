// Package walarchive keeps what brings a PostgreSQL server back to any moment: base
// backups of all its files, and its write-ahead log from then on, in segments. It
// receives the log over the replication protocol, tells which moments can be reached,
// and recovers a throw-away server that stands still at one of them. It never touches
// the server whose log it keeps, and knows nothing of what is in the databases.
package walarchive

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"payaid/internal/blob"
)

var (
	// ErrMissing tells that there is no such segment or base backup.
	ErrMissing = errors.New("it is not in the archive")
	// ErrDamaged tells that the stored bytes are not those that were written.
	ErrDamaged = errors.New("the archive is damaged")
	// ErrConflict tells that another content is archived under the same name.
	ErrConflict = errors.New("another content is archived under this name already")
	// ErrRefused tells that something needed is missing, before any work.
	ErrRefused = errors.New("refused")
	// ErrOutside tells that a moment cannot be reached.
	ErrOutside = errors.New("this moment cannot be recovered")
)

// Sealer compresses, encrypts and signs what is stored.
type Sealer interface {
	// Seal signs v for the name it is stored under, on one line.
	Seal(name string, v any) ([]byte, error)
	// Open checks the signature and reads v.
	Open(name string, data []byte, v any) error
	// Encode gives produce a writer whose bytes reach w compressed and encrypted.
	Encode(w io.Writer, produce func(io.Writer) error) error
	// Decode gives consume what Encode was given. What consume leaves is read to its
	// end, so that nil means that all of it was whole.
	Decode(r io.Reader, consume func(io.Reader) error) error
	// Recipients are the public keys that open what is stored now.
	Recipients() ([]string, error)
	// Opens returns an error when no key at hand opens what was stored for recipients.
	Opens(recipients []string) error
}

// Options are what an Archive works with.
type Options struct {
	Store blob.Store // nothing else lives there
	Seal  Sealer
	Dir   string // where the log is received and servers are recovered
	// Find returns the path of one of PostgreSQL's own programs of a major version.
	Find func(ctx context.Context, name string, major int) (string, error)
	// Unprivileged lets cmd run as somebody who is not root and to whom dir belongs;
	// nil runs it as this process.
	Unprivileged func(dir string, cmd *exec.Cmd) error
	Log          *slog.Logger
	Now          func() time.Time
}

// Archive is the log and the base backups of an installation.
type Archive struct{ o Options }

// New returns an Archive. It talks to nobody yet.
func New(o Options) *Archive {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Archive{o: o}
}

// Segment is one archived file of the log. Its description is signed and stands
// before the encrypted bytes.
type Segment struct {
	Size       int64     `json:"size"`   // in bytes, before compression
	SHA256     string    `json:"sha256"` // of the same
	Last       time.Time `json:"last"`   // the last commit in it; zero when there is none
	ArchivedAt time.Time `json:"archivedAt"`
	Recipients []string  `json:"recipients"`
}

// maxDescription bounds what is read of a description, in bytes.
const maxDescription = 64 << 10

func segmentKey(system, name string) string { return system + "/wal/" + name }

// Push archives one finished file of the log. What is archived already with the same
// content is left as it is; with another content the answer is ErrConflict.
func (a *Archive) Push(ctx context.Context, s Server, path, name string) error {
	if !isSegment(name) && !isHistory(name) {
		return fmt.Errorf("%w: %.40q is no file of the write-ahead log", ErrRefused, name)
	}
	size, sum, err := digest(path)
	if err != nil {
		return err
	}
	if isSegment(name) && size != s.SegmentSize {
		return fmt.Errorf("%w: %s has %d bytes, not %d: it is not finished", ErrRefused, name, size, s.SegmentSize)
	}
	key := segmentKey(s.System, name)
	switch there, err := a.describe(ctx, key); {
	case errors.Is(err, ErrMissing):
	case err != nil:
		return err
	case there.SHA256 == sum && there.Size == size:
		return nil
	default:
		return fmt.Errorf("%w: %s", ErrConflict, name)
	}
	d := Segment{Size: size, SHA256: sum, ArchivedAt: a.o.Now().UTC()}
	if d.Recipients, err = a.o.Seal.Recipients(); err != nil {
		return err
	}
	if isSegment(name) {
		if d.Last, err = a.lastCommit(ctx, s, path); err != nil {
			return err
		}
	}
	return a.put(ctx, key, path, d)
}

// put stores the description and, after it, the file.
func (a *Archive) put(ctx context.Context, key, path string, d Segment) error {
	line, err := a.o.Seal.Seal(key, d)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	_, err = a.stream(ctx, key, func(w io.Writer) error {
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		return a.o.Seal.Encode(w, func(w io.Writer) error {
			hash := sha256.New()
			if _, err := io.Copy(io.MultiWriter(w, hash), f); err != nil {
				return err
			}
			if hex.EncodeToString(hash.Sum(nil)) != d.SHA256 {
				return fmt.Errorf("%w: %s changed while it was read", ErrRefused, path)
			}
			return nil
		})
	})
	return err
}

// stream stores what produce writes, whole or not at all.
func (a *Archive) stream(ctx context.Context, key string, produce func(io.Writer) error) (blob.Info, error) {
	r, w := io.Pipe()
	produced := make(chan error, 1)
	go func() {
		err := produce(w)
		_ = w.CloseWithError(err) // returns nil always
		produced <- err
	}()
	info, err := a.o.Store.Put(ctx, key, r, -1, "application/octet-stream")
	_ = r.CloseWithError(cmp.Or(err, io.ErrClosedPipe)) // returns nil always
	made := <-produced
	switch {
	case err != nil && made != nil && errors.Is(err, made):
		return info, made // the store only passes on why its source broke
	case err != nil:
		return info, fmt.Errorf("store %s: %w", key, err)
	}
	return info, nil
}

// describe reads the signed description of a file of the log.
func (a *Archive) describe(ctx context.Context, key string) (Segment, error) {
	r, d, err := a.open(ctx, key)
	if err == nil {
		_ = r.Close() // only read
	}
	return d, err
}

// opened is a stored file of the log after its description.
type opened struct {
	io.Reader
	io.Closer
}

func (a *Archive) open(ctx context.Context, key string) (io.ReadCloser, Segment, error) {
	var d Segment
	stored, _, err := a.o.Store.Get(ctx, key)
	if err != nil {
		return nil, d, problem(key, err)
	}
	buffered := bufio.NewReaderSize(stored, maxDescription)
	line, err := buffered.ReadSlice('\n')
	if err == nil {
		err = a.o.Seal.Open(key, bytes.TrimRight(line, "\n"), &d)
	} else {
		err = fmt.Errorf("%w: %s has no description: %w", ErrDamaged, key, err)
	}
	if err != nil {
		_ = stored.Close() // only read
		return nil, d, err
	}
	return opened{buffered, stored}, d, nil
}

// Fetch writes a file of the log to w, which has all of it only when the error is
// nil. It returns ErrMissing where there is none.
func (a *Archive) Fetch(ctx context.Context, system, name string, w io.Writer) error {
	key := segmentKey(system, name)
	r, d, err := a.open(ctx, key)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read
	if err := a.o.Seal.Opens(d.Recipients); err != nil {
		return err
	}
	hash := sha256.New()
	var n int64
	err = a.o.Seal.Decode(r, func(r io.Reader) (err error) {
		n, err = io.Copy(io.MultiWriter(w, hash), r)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, key, err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); n != d.Size || got != d.SHA256 {
		return fmt.Errorf("%w: %s has %d bytes with checksum %.12s…, its description says %d with %.12s…", ErrDamaged, key, n, got, d.Size, d.SHA256)
	}
	return nil
}

// problem tells what is the archive's fault from what is the store's.
func problem(key string, err error) error {
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return fmt.Errorf("%w: %s", ErrMissing, key)
	case errors.Is(err, blob.ErrDamaged):
		return fmt.Errorf("%w: %s: %w", ErrDamaged, key, err)
	}
	return fmt.Errorf("read %s: %w", key, err)
}

func digest(path string) (size int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = f.Close() }() // only read
	hash := sha256.New()
	size, err = io.Copy(hash, f)
	return size, hex.EncodeToString(hash.Sum(nil)), err
}
