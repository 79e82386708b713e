package walarchive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Base is one base backup: all files of a server, from which the log leads on.
type Base struct {
	ID          uuid.UUID         `json:"id"`
	System      string            `json:"system"`
	StartedAt   time.Time         `json:"startedAt"`
	FinishedAt  time.Time         `json:"finishedAt"` // the first moment that it can be brought to
	Major       int               `json:"major"`
	SegmentSize int64             `json:"segmentSize"`
	Settings    map[string]string `json:"settings"`
	First       string            `json:"first"` // name of the first segment that it needs
	Last        string            `json:"last"`  // and of the last one without which it is of no use
	Bytes       int64             `json:"bytes"` // before compression
	Size        int64             `json:"size"`  // as stored
	SHA256      string            `json:"sha256"`
	Recipients  []string          `json:"recipients"`
}

const (
	baseData     = "base.tar.zst.age"
	baseManifest = "manifest.json"
	// maxManifest bounds what is read of a manifest of ours or PostgreSQL's, in bytes.
	maxManifest = 256 << 20
)

func baseKey(system string, id uuid.UUID, name string) string {
	return system + "/base/" + id.String() + "/" + name
}

// TakeBase makes a base backup of the server, reads it back and lists it. After any
// error there is no new one.
func (a *Archive) TakeBase(ctx context.Context, s Server) (_ Base, err error) {
	b := Base{ID: uuid.Must(uuid.NewV7()), System: s.System, StartedAt: a.o.Now().UTC(), Major: s.Major, SegmentSize: s.SegmentSize, Settings: s.Settings}
	if b.Recipients, err = a.o.Seal.Recipients(); err != nil {
		return b, err
	}
	cmd, said, err := a.command(ctx, s, "pg_basebackup", true,
		"--pgdata=-", "--format=tar", "--wal-method=none", "--checkpoint=fast", "--manifest-checksums=SHA256", "--label=payaid")
	if err != nil {
		return b, err
	}
	key := baseKey(s.System, b.ID, baseData)
	defer func() {
		if err != nil {
			a.discard(ctx, key)
		}
	}()
	info, err := a.stream(ctx, key, func(w io.Writer) error {
		return a.o.Seal.Encode(w, func(w io.Writer) error {
			look := inspect(&b)
			cmd.Stdout = io.MultiWriter(w, look)
			if err := cmd.Run(); err != nil {
				look.stop()
				return fmt.Errorf("pg_basebackup failed (%w): %s", err, said.words())
			}
			return look.finish()
		})
	})
	if err != nil {
		return b, err
	}
	b.Size, b.SHA256 = info.Size, info.SHA256
	if b.FinishedAt, err = s.clock(ctx); err != nil {
		return b, err
	}
	if err := a.verify(ctx, key, b); err != nil {
		return b, err
	}
	return b, a.list(ctx, b)
}

// list writes the manifest, which alone makes it a base backup.
func (a *Archive) list(ctx context.Context, b Base) error {
	key := baseKey(b.System, b.ID, baseManifest)
	data, err := a.o.Seal.Seal(key, b)
	if err == nil {
		_, err = a.o.Store.Put(ctx, key, bytes.NewReader(data), int64(len(data)), "application/json")
	}
	if err != nil {
		return fmt.Errorf("list the base backup: %w", err)
	}
	return nil
}

func (a *Archive) discard(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := a.o.Store.Delete(ctx, key); err != nil {
		a.o.Log.WarnContext(ctx, "the rest of a failed base backup was not removed", "key", key, "err", err)
	}
}

// verify reads a base backup back.
func (a *Archive) verify(ctx context.Context, key string, b Base) error {
	r, _, err := a.o.Store.Get(ctx, key)
	if err != nil {
		return problem(key, err)
	}
	defer func() { _ = r.Close() }() // only read
	sum := newSum(r)
	if _, err := io.Copy(io.Discard, sum); err != nil {
		return problem(key, err)
	}
	return sum.compare(key, b)
}

// base reads the manifest of one base backup.
func (a *Archive) base(ctx context.Context, system string, id uuid.UUID) (Base, error) {
	key := baseKey(system, id, baseManifest)
	r, _, err := a.o.Store.Get(ctx, key)
	if err != nil {
		return Base{}, problem(key, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxDescription))
	_ = r.Close() // only read
	if err != nil {
		return Base{}, problem(key, err)
	}
	var b Base
	return b, a.o.Seal.Open(key, data, &b)
}

// summed counts and digests what is read through it.
type summed struct {
	r    io.Reader
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
	n int64
}

func newSum(r io.Reader) *summed { return &summed{r: r, hash: sha256.New()} }

// Read reads and counts.
func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	_, _ = s.hash.Write(p[:n]) // a hash never fails
	return n, err
}

func (s *summed) compare(key string, b Base) error {
	if got := hex.EncodeToString(s.hash.Sum(nil)); s.n != b.Size || got != b.SHA256 {
		return fmt.Errorf("%w: %s has %d bytes with checksum %.12s…, its manifest says %d with %.12s…", ErrDamaged, key, s.n, got, b.Size, b.SHA256)
	}
	return nil
}

// inspector reads the tar file of a base backup on its way, for what it needs of the
// log.
type inspector struct {
	w    *io.PipeWriter
	base *Base
	done chan error
}

func inspect(b *Base) *inspector {
	r, w := io.Pipe()
	i := &inspector{w: w, base: b, done: make(chan error, 1)}
	go func() {
		err := b.read(tar.NewReader(bufio.NewReader(r)))
		_, _ = io.Copy(io.Discard, r) // nothing may wait for us
		i.done <- err
	}()
	return i
}

// Write never fails.
func (i *inspector) Write(p []byte) (int, error) {
	i.base.Bytes += int64(len(p))
	return i.w.Write(p)
}

func (i *inspector) stop() {
	_ = i.finish() // the program's own words say why
}

func (i *inspector) finish() error {
	_ = i.w.Close() // returns nil always
	return <-i.done
}

var startLine = regexp.MustCompile(`(?m)^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)`)

// read finds which segments the base backup needs at least.
func (b *Base) read(r *tar.Reader) error {
	var ranges struct {
		WAL []struct {
			Timeline uint32
			End      string `json:"End-LSN"`
		} `json:"WAL-Ranges"`
	}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the base backup: %w", err)
		}
		switch strings.TrimPrefix(h.Name, "./") {
		case "backup_label":
			label, err := io.ReadAll(io.LimitReader(r, maxDescription))
			if err != nil {
				return fmt.Errorf("read the base backup: %w", err)
			}
			if m := startLine.FindSubmatch(label); m != nil {
				b.First = string(m[1])
			}
		case "backup_manifest":
			if err := json.NewDecoder(io.LimitReader(r, maxManifest)).Decode(&ranges); err != nil {
				return fmt.Errorf("read the manifest of the base backup: %w", err)
			}
		}
	}
	if b.First == "" || len(ranges.WAL) == 0 {
		return errors.New("the base backup does not say which part of the write-ahead log it needs")
	}
	end := ranges.WAL[len(ranges.WAL)-1]
	number, err := at(end.End, b.SegmentSize)
	b.Last = position{end.Timeline, number}.name(b.SegmentSize)
	return err
}
