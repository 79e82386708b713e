package backup

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
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The objects of one tenant's archive, below its id. The name of the second one is
// not that of a backup's manifest: an archive is no backup of the installation.
const (
	tenantName         = "tenant.tar.zst.age"
	tenantManifestName = "tenant.json"
)

const (
	tenantFormat = 1
	// chunkSize is how much of a table one file of the archive holds, in bytes. It is
	// what writing one takes in memory.
	chunkSize = 4 << 20
)

// The folders and the last file inside an archive.
const (
	tablesFolder  = "tables/"
	objectsFolder = "objects/"
)

// ArchiveKind tells why an archive of one tenant was made, which decides how long
// it is kept.
type ArchiveKind string

// The kinds of archives.
const (
	Export ArchiveKind = "export" // asked for by a person; kept for the retention time
	Undo   ArchiveKind = "undo"   // made before a restore of the tenant; kept for SafetyDays
	Source ArchiveKind = "source" // taken out of a backup to restore from; kept for SafetyDays
)

// TenantArchive describes the rows and files of one tenant at one moment. It is
// signed, and the last file in the archive that it describes.
type TenantArchive struct {
	Format     int         `json:"format"`
	ID         uuid.UUID   `json:"id"`
	Kind       ArchiveKind `json:"kind"`
	TenantID   uuid.UUID   `json:"tenantId"`
	Slug       string      `json:"slug"`
	Name       string      `json:"name"`
	At         time.Time   `json:"at"` // of the snapshot that the rows are from
	AppVersion string      `json:"appVersion"`
	Schema     int64       `json:"schema"`
	From       uuid.UUID   `json:"from,omitzero"` // the backup or archive it was taken out of; none for the running system

	Order     []string         `json:"order"`  // of the tables in the archive
	Tables    map[string]Table `json:"tables"` // the digest is the SHA-256 of the lines
	WithFiles bool             `json:"withFiles"`
	Files     Table            `json:"files"` // the digest is over keys and contents

	Recipients []string `json:"recipients"`
	Part       Part     `json:"part,omitzero"` // as stored; absent inside the archive itself
}

// Rows is how many rows it has.
func (a TenantArchive) Rows() (n int64) {
	for _, t := range a.Tables {
		n += t.Rows
	}
	return n
}

// archiveRow is one row of a table as it stands in an archive.
type archiveRow struct {
	Key []string        `json:"key"` // without the tenant
	Row json.RawMessage `json:"row"`
}

func (r archiveRow) sortKey() string { return strings.Join(r.Key, "\x00") }

// archiveWriter writes tables in files of bounded size, and files.
type archiveWriter struct {
	tar   *tar.Writer
	at    time.Time
	chunk bytes.Buffer
	files hash.Hash
}

func newArchiveWriter(w io.Writer, at time.Time) *archiveWriter {
	return &archiveWriter{tar: tar.NewWriter(w), at: at, files: sha256.New()}
}

// table writes what next gives until ok is false.
func (w *archiveWriter) table(name string, next func() (r archiveRow, ok bool, err error)) (Table, error) {
	sum := sha256.New()
	var t Table
	for part := 1; ; {
		r, ok, err := next()
		if err != nil {
			return t, err
		}
		if ok {
			t.Rows++
			if err := w.line(r, sum); err != nil {
				return t, err
			}
		}
		if w.chunk.Len() >= chunkSize || !ok && w.chunk.Len() > 0 {
			if err := w.put(fmt.Sprintf("%s%s/%06d.jsonl", tablesFolder, name, part), int64(w.chunk.Len()), &w.chunk); err != nil {
				return t, err
			}
			part++
		}
		if !ok {
			t.Digest = hex.EncodeToString(sum.Sum(nil))
			return t, nil
		}
	}
}

// line keeps the text of the row as the server wrote it, so that equal rows have
// equal texts.
func (w *archiveWriter) line(r archiveRow, sum io.Writer) error {
	key, err := json.Marshal(r.Key)
	if err != nil {
		return err
	}
	begin := w.chunk.Len()
	fmt.Fprintf(&w.chunk, `{"key":%s,"row":%s}`+"\n", key, r.Row)
	_, err = sum.Write(w.chunk.Bytes()[begin:])
	return err
}

func (w *archiveWriter) put(name string, size int64, r io.Reader) error {
	if err := w.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: w.at, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err := io.Copy(w.tar, r)
	return err
}

// file writes a file of the tenant and adds it to the digest of them all.
func (w *archiveWriter) file(key string, size int64, r io.Reader) error {
	fmt.Fprintf(w.files, "%s\n%d\n", key, size)
	return w.put(objectsFolder+key, size, io.TeeReader(r, w.files))
}

// archiveReader reads an archive from its begin to its end, once.
type archiveReader struct {
	tar   *tar.Reader
	order []string
	table string // whose lines are being read
	lines *bufio.Reader
	other func(name string, size int64, r io.Reader) error // given all that is no table; may be nil
}

func newArchiveReader(r io.Reader, order []string) *archiveReader {
	return &archiveReader{tar: tar.NewReader(r), order: order}
}

// next returns the next row of a table, or io.EOF when there are no more. Tables are
// asked for in the order of the archive; what lies between is passed over.
func (a *archiveReader) next(table string) (archiveRow, error) {
	want := slices.Index(a.order, table)
	for {
		if a.lines == nil {
			if err := a.advance(); err != nil {
				return archiveRow{}, err
			}
		}
		if at := slices.Index(a.order, a.table); at > want {
			return archiveRow{}, io.EOF // its turn comes later
		}
		text, err := a.lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(text) == 0 {
			a.lines = nil
			continue
		}
		if err != nil {
			return archiveRow{}, fmt.Errorf("read %s in the archive: %w", a.table, err)
		}
		if a.table != table {
			continue
		}
		var r archiveRow
		if err := json.Unmarshal(text, &r); err != nil {
			return archiveRow{}, fmt.Errorf("read %s in the archive: %w", a.table, err)
		}
		return r, nil
	}
}

// advance goes to the next table's file, or returns io.EOF at the end.
func (a *archiveReader) advance() error {
	for {
		h, err := a.tar.Next()
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return fmt.Errorf("read the archive: %w", err)
		}
		if rest, ok := strings.CutPrefix(h.Name, tablesFolder); ok {
			a.table, _, _ = strings.Cut(rest, "/")
			a.lines = bufio.NewReaderSize(a.tar, 64<<10)
			return nil
		}
		if a.other != nil {
			if err := a.other(h.Name, h.Size, a.tar); err != nil {
				return err
			}
		}
	}
}

// rest reads to the end, past all tables.
func (a *archiveReader) rest() error {
	for {
		a.lines = nil
		switch err := a.advance(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// readArchive opens the stored archive for one reading.
func (s *Service) readArchive(ctx context.Context, a TenantArchive, read func(r *archiveReader) error) error {
	keys, err := s.identitiesFor(Backup{Manifest: Manifest{Recipients: a.Recipients}})
	if err != nil {
		return err
	}
	return s.retrieve(ctx, a.ID, tenantName, a.Part, keys, func(r io.Reader) error {
		return read(newArchiveReader(r, a.Order))
	})
}
