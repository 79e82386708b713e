package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/jackc/pgx/v5"

	"payaid/internal/blob"
)

// A list of files is read and asked for in slices, several files at a time.
const (
	objectSlice   = 512
	objectWorkers = 8
)

// object is one line of the list: a file that the database refers to.
type object struct {
	Key    string `json:"key"`
	Size   *int64 `json:"size"`             // in the object store; null when it is missing there
	Said   *int64 `json:"said,omitempty"`   // what the database says
	SHA256 string `json:"sha256,omitempty"` // what the database says
}

// referencesQuery reads the view in which the schema collects every reference.
// A schema from before the view refers to files in imports only.
func referencesQuery(ctx context.Context, q querier) (string, error) {
	var exists bool
	if err := q.QueryRow(ctx, "SELECT to_regclass('public.stored_objects') IS NOT NULL").Scan(&exists); err != nil {
		return "", fmt.Errorf("look for the references to files: %w", err)
	}
	if exists {
		return "SELECT key, size, coalesce(sha256, '') FROM public.stored_objects", nil
	}
	return "SELECT blob_key, NULL::bigint, '' FROM public.imports", nil
}

// writeObjects writes the list of files that the snapshot refers to, each with what
// the object store has, and sums it up.
func (s *Service) writeObjects(ctx context.Context, j *job, tx pgx.Tx, w io.Writer) (Files, error) {
	var sum Files
	query, err := referencesQuery(ctx, tx)
	if err != nil {
		return sum, err
	}
	if _, err := tx.Exec(ctx, "DECLARE stored_objects_of_backup NO SCROLL CURSOR FOR "+query); err != nil {
		return sum, fmt.Errorf("read the references to files: %w", err)
	}
	enc := json.NewEncoder(w)
	for {
		rows, err := tx.Query(ctx, fmt.Sprintf("FETCH %d FROM stored_objects_of_backup", objectSlice))
		if err != nil {
			return sum, fmt.Errorf("read the references to files: %w", err)
		}
		slice, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (object, error) {
			var o object
			return o, row.Scan(&o.Key, &o.Said, &o.SHA256)
		})
		if err != nil {
			return sum, fmt.Errorf("read the references to files: %w", err)
		}
		if len(slice) == 0 {
			return sum, nil
		}
		if err := j.needed(ctx, slice); err != nil {
			return sum, err
		}
		if err := s.measure(ctx, slice); err != nil {
			return sum, err
		}
		for _, o := range slice {
			sum.add(o)
			if err := enc.Encode(o); err != nil {
				return sum, err
			}
		}
	}
}

func (f *Files) add(o object) {
	f.Count++
	if o.Size == nil {
		f.Missing++
		return
	}
	f.Bytes += *o.Size
	if o.Said != nil && *o.Said != *o.Size {
		f.Different++
	}
}

// measure asks the object store for the size of each file.
func (s *Service) measure(ctx context.Context, slice []object) error {
	errs := make([]error, objectWorkers)
	var group sync.WaitGroup
	for w := range objectWorkers {
		group.Go(func() {
			for i := w; i < len(slice) && errs[w] == nil; i += objectWorkers {
				errs[w] = s.measureOne(ctx, &slice[i])
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func (s *Service) measureOne(ctx context.Context, o *object) error {
	info, err := s.o.Objects.Stat(ctx, o.Key)
	switch {
	case err == nil:
		o.Size = &info.Size
	case errors.Is(err, blob.ErrNotFound), errors.Is(err, blob.ErrDamaged), errors.Is(err, blob.ErrInvalidKey):
		o.Size = nil
	default:
		return fmt.Errorf("ask the object store for %s: %w", o.Key, err)
	}
	return nil
}

// readObject reads a file of the object store whole and compares it with the list.
func (s *Service) readObject(ctx context.Context, o object) error {
	r, _, err := s.o.Objects.Get(ctx, o.Key)
	if err != nil {
		return fmt.Errorf("read the file %s: %w", o.Key, err)
	}
	defer func() { _ = r.Close() }() // only read
	sum := &checked{r: r, hash: sha256.New()}
	if _, err := io.Copy(io.Discard, sum); err != nil {
		return fmt.Errorf("read the file %s: %w", o.Key, err)
	}
	if got := hex.EncodeToString(sum.hash.Sum(nil)); o.SHA256 != "" && got != o.SHA256 {
		return fmt.Errorf("the file %s is not the one that the database refers to: its checksum is %.12s…, not %.12s…", o.Key, got, o.SHA256)
	}
	return nil
}
