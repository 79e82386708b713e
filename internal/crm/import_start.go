package crm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/change"
	"payaid/internal/jobs"
)

// MaxImportSize is how large an uploaded file may be, in bytes.
const MaxImportSize = 50 << 20

// cleanupTimeout bounds the removal of a file that no import refers to.
const cleanupTimeout = 10 * time.Second

var errTooLarge = apperr.New(apperr.TooLarge, "This file is larger than 50 MB. Split it into several files.")

// ImportInput describes an upload.
type ImportInput struct {
	FileName   string
	Body       io.Reader
	Size       int64             // in bytes, -1 when unknown
	Entity     string            // EntityContacts
	Mapping    map[string]string // column to one of ImportFields, "" to ignore it; empty: matched by the columns' names
	Duplicates string            // skip when ""
	DryRun     bool
}

// StartImport keeps the file and enqueues the job that reads it. It refuses, all
// reasons at once, what it can tell from the input and the file's first line; a
// file of more than MaxImportSize is TooLarge. The file stays in the blob store
// after the import, as the source of what it brought in.
func (s *Service) StartImport(ctx context.Context, p auth.Principal, in ImportInput) (Import, error) {
	if err := p.Require(auth.ContactsWrite); err != nil {
		return Import{}, err
	}
	if in.Size > MaxImportSize {
		return Import{}, errTooLarge
	}
	body := bufio.NewReaderSize(&cappedReader{r: in.Body, left: MaxImportSize}, csvHeadSize)
	head, err := body.Peek(csvHeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return Import{}, uploadError(err)
	}
	mapping, err := in.check(head, err != nil)
	if err != nil {
		return Import{}, err
	}
	id := uuid.Must(uuid.NewV7())
	key := "t/" + p.TenantID.String() + "/imports/" + id.String() + ".csv"
	file, encoding, err := s.storeImport(ctx, key, body, in.Size)
	if err != nil {
		return Import{}, err
	}
	if mapping.Encoding != encUTF16 {
		mapping.Encoding = encoding
	}
	out, err := s.insertImport(ctx, p, in, id, mapping, file)
	if err != nil || out.ID != id { // nothing written, or a repeated request whose import is there already
		s.dropFile(ctx, key)
	}
	return out, err
}

// check validates the input together with the beginning of its file.
func (in *ImportInput) check(head []byte, whole bool) (ImportMapping, error) {
	var f apperr.Fields
	if in.Duplicates == "" {
		in.Duplicates = DuplicatesSkip
	}
	in.FileName = cleanFileName(in.FileName)
	f.Check(in.Entity == EntityContacts, "entity", "Choose contacts: nothing else can be imported yet.")
	f.Check(slices.Contains([]string{DuplicatesSkip, DuplicatesUpdate, DuplicatesCreate}, in.Duplicates), "duplicates", "Choose skip, update or create.")
	format, header, err := sniffCSV(head, whole)
	if err != nil {
		f.Add("file", err.Error())
	}
	for _, column := range slices.Sorted(maps.Keys(in.Mapping)) {
		field := in.Mapping[column]
		f.Check(field == "" || slices.Contains(ImportFields, field), "mapping."+column, fmt.Sprintf("There is no field %q. Choose one of %s.", field, strings.Join(ImportFields, ", ")))
		f.Check(err != nil || slices.Contains(header, column), "mapping."+column, "The file has no column of this name.")
	}
	m := ImportMapping{CSVFormat: format}
	if len(in.Mapping) == 0 {
		m.Columns = matchColumns(header)
		f.Check(identifies(m.Columns), "file", "No column with a name, an e-mail or a phone was found. The first line has to name the columns, for example Name, Email, Phone.")
	} else {
		m.Columns = mapColumns(header, in.Mapping)
		f.Check(identifies(m.Columns), "mapping", "Choose a column for the name, the e-mail or the phone.")
	}
	return m, f.Err()
}

func cleanFileName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, name)
	if name == "" || name == "." || name == "/" {
		return "import.csv"
	}
	runes := []rune(name)
	return string(runes[:min(len(runes), maxShort)])
}

// storeImport streams the file into the blob store and tells its encoding.
func (s *Service) storeImport(ctx context.Context, key string, body io.Reader, size int64) (blob.Info, string, error) {
	var counter utf8Counter
	file, err := s.blobs.Put(ctx, key, io.TeeReader(body, &counter), size, "text/csv")
	if err != nil {
		return file, "", uploadError(err)
	}
	return file, counter.encoding(), nil
}

func uploadError(err error) error {
	switch {
	case errors.Is(err, errTooLarge):
		return errTooLarge
	case errors.Is(err, blob.ErrSize), errors.Is(err, io.ErrUnexpectedEOF):
		return apperr.Wrap(err, apperr.InvalidInput, "The upload broke off. Please send the file again.")
	case errors.Is(err, blob.ErrFull):
		return apperr.Wrap(err, apperr.Unavailable, "There is no space left for uploads. Nothing was imported. Please tell the administrator.")
	}
	return fmt.Errorf("keep the uploaded file: %w", err)
}

func (s *Service) insertImport(ctx context.Context, p auth.Principal, in ImportInput, id uuid.UUID, m ImportMapping, file blob.Info) (Import, error) {
	input := struct {
		Entity, Duplicates, SHA256 string
		Mapping                    map[string]string
		DryRun                     bool
	}{in.Entity, in.Duplicates, file.SHA256, in.Mapping, in.DryRun}
	columns, err := json.Marshal(m)
	if err != nil {
		return Import{}, fmt.Errorf("write the mapping: %w", err)
	}
	return change.Do(ctx, s.write, p.Actor(), "import.start", input, func(ctx context.Context, tx *change.Tx) (Import, error) {
		args := ImportArgs{TenantID: p.TenantID, ImportID: id, ActorKind: tx.Actor.Kind, ActorID: tx.Actor.ID}
		progress := jobs.Progress{ID: id, Kind: args.Kind(), Total: file.Size, CreatedBy: p.User(), CreatedAt: tx.Now}
		if err := jobs.CreateProgress(ctx, tx.Q, p.TenantID, progress); err != nil {
			return Import{}, err
		}
		err := tx.Q.InsertImport(ctx, db.InsertImportParams{
			TenantID: p.TenantID, ID: id, Entity: in.Entity, FileName: in.FileName, BlobKey: file.Key, Mapping: columns,
			Duplicates: in.Duplicates, DryRun: in.DryRun, CreatedBy: p.User(), Now: tx.Now,
		})
		if err != nil {
			return Import{}, fmt.Errorf("insert the import: %w", err)
		}
		row, err := tx.Q.GetImport(ctx, db.GetImportParams{TenantID: p.TenantID, ID: id})
		if err != nil {
			return Import{}, fmt.Errorf("read the import back: %w", err)
		}
		out, err := importFromRow(row)
		if err != nil {
			return Import{}, err
		}
		if err := tx.Record(ctx, change.Event{Action: "import.start", Entity: entityImport, EntityID: id, After: out}); err != nil {
			return Import{}, err
		}
		return out, tx.Enqueue(ctx, args)
	})
}

// dropFile removes a file that no import refers to, also when the request is over.
func (s *Service) dropFile(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	if err := s.blobs.Delete(ctx, key); err != nil {
		s.write.Log.WarnContext(ctx, "uploaded file left behind", "key", key, "err", err)
	}
}

// cappedReader fails once more than left bytes have come.
type cappedReader struct {
	r    io.Reader
	left int64
}

// Read implements io.Reader.
func (c *cappedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
