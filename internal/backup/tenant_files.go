package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"payaid/internal/blob"
)

// putFilesBack stores the files of an archive that the object store has no more. It
// comes before any row refers to them, and overwrites nothing.
func (s *Service) putFilesBack(ctx context.Context, a TenantArchive) (n int64, err error) {
	if a.Files.Rows == 0 {
		return 0, nil
	}
	err = s.readArchive(ctx, a, func(r *archiveReader) error {
		r.other = func(name string, size int64, content io.Reader) error {
			key, ok := strings.CutPrefix(name, objectsFolder)
			if !ok {
				return nil
			}
			if !strings.HasPrefix(key, filesOf(a.TenantID)) {
				return errWrongTenant
			}
			_, err := s.o.Objects.Stat(ctx, key)
			if err == nil {
				return nil
			}
			if !errors.Is(err, blob.ErrNotFound) {
				return fmt.Errorf("ask the object store for %s: %w", key, err)
			}
			if _, err := s.o.Objects.Put(ctx, key, content, size, ""); err != nil {
				return fmt.Errorf("put the file %s back: %w", key, err)
			}
			n++
			return nil
		}
		return r.rest()
	})
	return n, err
}
