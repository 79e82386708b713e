package crm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/sheet"
)

// upload is a file that was received and understood as a table.
type upload struct {
	blob.Info
	format  sheet.Format
	columns []string
	sheets  []string // of a workbook with several
}

// receive keeps an uploaded file and reads its header. It leaves no file behind
// when it fails; what is wrong with the file is Validation of the field "file".
func (s *Service) receive(ctx context.Context, p auth.Principal, in ImportInput, id uuid.UUID) (upload, error) {
	if in.Size > MaxImportSize {
		return upload{}, errTooLarge
	}
	body := bufio.NewReaderSize(&cappedReader{r: in.Body, left: MaxImportSize}, sheet.HeadSize)
	head, err := body.Peek(sheet.HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return upload{}, uploadError(err)
	}
	format, err := sheet.Detect(head, err != nil)
	if err != nil {
		return upload{}, unreadable(err)
	}
	key := "t/" + p.TenantID.String() + "/imports/" + id.String() + "." + format.Kind
	var counter sheet.EncodingCounter
	info, err := s.blobs.Put(ctx, key, io.TeeReader(body, &counter), in.Size, contentTypes[format.Kind])
	if err != nil {
		return upload{}, uploadError(err)
	}
	if format.Encoding == sheet.UTF8 || format.Encoding == sheet.Windows1252 {
		format.Encoding = counter.Encoding()
	}
	out := upload{Info: info, format: format}
	if out.columns, out.sheets, err = s.readHeader(ctx, key, format); err != nil {
		s.dropFile(ctx, key)
		return upload{}, unreadable(err)
	}
	return out, nil
}

// contentTypes are those of the kinds of file.
var contentTypes = map[string]string{
	sheet.CSV: "text/csv", sheet.VCard: "text/vcard", sheet.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

func (s *Service) readHeader(ctx context.Context, key string, f sheet.Format) (columns, sheets []string, err error) {
	err = s.withRows(ctx, key, f, func(rows sheet.Rows) error {
		columns, sheets = rows.Columns(), rows.Sheets()
		return nil
	})
	return columns, sheets, err
}

// withRows opens a kept file for fn.
func (s *Service) withRows(ctx context.Context, key string, f sheet.Format, fn func(sheet.Rows) error) error {
	file, _, err := s.blobs.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("open the uploaded file: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	rows, err := sheet.Open(file, f)
	if err != nil {
		return err
	}
	return errors.Join(fn(rows), rows.Close())
}

// unreadable turns an Unreadable error into one for the field "file".
func unreadable(err error) error {
	says, ok := errors.AsType[sheet.Unreadable](err)
	if !ok {
		return fmt.Errorf("read the uploaded file: %w", err)
	}
	var f apperr.Fields
	f.Add("file", string(says))
	return f.Err()
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

// dropFile removes a file that no import refers to, also when the request is over.
func (s *Service) dropFile(ctx context.Context, key string) {
	if key == "" {
		return
	}
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
