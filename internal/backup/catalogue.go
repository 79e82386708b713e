package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/blob"
)

// maxDocument bounds what is read of a manifest or proof, in bytes.
const maxDocument = 16 << 20

// Backup is one entry of the catalogue.
type Backup struct {
	Manifest
	Verify *Proof // the latest verification since it was made; nil when there was none
	Drill  *Proof // the latest drill; nil when there was none
	Pin    *Pin   // what was last said about keeping it; nil for nothing
	// Err says why the entry cannot be trusted: ErrForged. Only ID is known then.
	Err error
}

// Verified reports whether the stored bytes were those written, when they were
// last read.
func (b Backup) Verified() bool { return b.Err == nil && (b.Verify == nil || b.Verify.OK) }

// Proven reports whether the backup was restored successfully in its last drill.
func (b Backup) Proven() bool { return b.Verified() && b.Drill != nil && b.Drill.OK }

// OfLive reports whether the backup is of what was live when it was made. One that is
// not is no reason to make no newer ones, or to forget older ones.
func (b Backup) OfLive() bool { return b.Kind != Final && b.Kind != PITR }

// Bytes is the size of everything stored.
func (b Backup) Bytes() int64 { return b.Dump.Size + b.Objects.Size }

// List returns every backup, newest first. What has no manifest is none.
func (s *Service) List(ctx context.Context) ([]Backup, error) {
	found, err := s.scan(ctx)
	if err != nil {
		return nil, err
	}
	var out []Backup
	for id, names := range found {
		if !slices.Contains(names, manifestName) {
			continue
		}
		b, err := s.entry(ctx, id, names)
		switch {
		case errors.Is(err, ErrForged):
			b = Backup{Manifest: Manifest{ID: id}, Err: err}
		case errors.Is(err, ErrNotFound):
			continue // deleted meanwhile
		case err != nil:
			return nil, err
		}
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b Backup) int { return bytes.Compare(b.ID[:], a.ID[:]) }) // version 7 sorts by time
	return out, nil
}

// Newest returns the newest verified backup, or ErrNotFound. Those of an earlier moment
// do not count.
func (s *Service) Newest(ctx context.Context) (Backup, error) {
	all, err := s.List(ctx)
	if err != nil {
		return Backup{}, err
	}
	i := slices.IndexFunc(all, func(b Backup) bool { return b.Verified() && b.Kind != PITR })
	if i < 0 {
		return Backup{}, fmt.Errorf("%w: none is verified", ErrNotFound)
	}
	return all[i], nil
}

// Get returns one backup, ErrNotFound or ErrForged.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (Backup, error) {
	return s.entry(ctx, id, []string{verifyName, drillName, pinName})
}

// scan lists the names stored for each id, finished or not.
func (s *Service) scan(ctx context.Context) (map[uuid.UUID][]string, error) {
	found := map[uuid.UUID][]string{}
	err := s.o.Store.List(ctx, "", func(info blob.Info) error {
		folder, name, _ := strings.Cut(info.Key, "/")
		if id, err := uuid.Parse(folder); err == nil && id.String() == folder {
			found[id] = append(found[id], name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the backups: %w", err)
	}
	return found, nil
}

// entry reads the manifest and those of the proofs that may be there.
func (s *Service) entry(ctx context.Context, id uuid.UUID, names []string) (Backup, error) {
	var b Backup
	if err := s.read(ctx, id, manifestName, &b.Manifest); err != nil {
		return Backup{}, err
	}
	if b.ID != id || b.Format != manifestFormat {
		return Backup{}, fmt.Errorf("%w: format %d, this program reads %d", ErrForged, b.Format, manifestFormat)
	}
	for name, proof := range map[string]**Proof{verifyName: &b.Verify, drillName: &b.Drill} {
		if !slices.Contains(names, name) {
			continue
		}
		var p Proof
		switch err := s.read(ctx, id, name, &p); {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return Backup{}, err
		default:
			*proof = &p
		}
	}
	if slices.Contains(names, pinName) {
		var p Pin
		switch err := s.read(ctx, id, pinName, &p); {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return Backup{}, err
		default:
			b.Pin = &p
		}
	}
	return b, nil
}

func (s *Service) read(ctx context.Context, id uuid.UUID, name string, v any) error {
	r, _, err := s.o.Store.Get(ctx, key(id, name))
	if errors.Is(err, blob.ErrNotFound) {
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(r, maxDocument))
		_ = r.Close() // only read
	}
	if errors.Is(err, blob.ErrDamaged) {
		return fmt.Errorf("%w: %s of %s: %w", ErrForged, name, id, err)
	}
	if err != nil {
		return fmt.Errorf("read %s of backup %s: %w", name, id, err)
	}
	return s.signer.open(id, name, data, v)
}

func (s *Service) write(ctx context.Context, id uuid.UUID, name string, v any) error {
	data, err := s.signer.seal(id, name, v)
	if err == nil {
		_, err = s.o.Store.Put(ctx, key(id, name), bytes.NewReader(data), int64(len(data)), "application/json")
	}
	if err != nil {
		return fmt.Errorf("write %s of backup %s: %w", name, id, err)
	}
	return nil
}
