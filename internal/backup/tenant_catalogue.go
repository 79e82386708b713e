package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"filippo.io/age"
	"github.com/google/uuid"

	"payaid/internal/blob"
)

// TenantArchives lists the archives of single tenants, newest first. One that
// cannot be trusted is left out.
func (s *Service) TenantArchives(ctx context.Context) ([]TenantArchive, error) {
	found, err := s.scan(ctx)
	if err != nil {
		return nil, err
	}
	var out []TenantArchive
	for id, names := range found {
		if !slices.Contains(names, tenantManifestName) {
			continue
		}
		switch a, err := s.TenantArchive(ctx, id); {
		case errors.Is(err, ErrForged), errors.Is(err, ErrNotFound):
			s.o.Log.WarnContext(ctx, "an export of one business is passed over", "export", id, "err", err)
		case err != nil:
			return nil, err
		default:
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b TenantArchive) int { return bytes.Compare(b.ID[:], a.ID[:]) })
	return out, nil
}

// TenantArchive returns one archive, ErrNotFound or ErrForged.
func (s *Service) TenantArchive(ctx context.Context, id uuid.UUID) (TenantArchive, error) {
	var a TenantArchive
	if err := s.read(ctx, id, tenantManifestName, &a); err != nil {
		return TenantArchive{}, err
	}
	if a.ID != id || a.Format != tenantFormat {
		return TenantArchive{}, fmt.Errorf("%w: format %d, this program reads %d", ErrForged, a.Format, tenantFormat)
	}
	return a, nil
}

// SaveTenantArchive writes the stored archive to w as it is: encrypted.
func (s *Service) SaveTenantArchive(ctx context.Context, id uuid.UUID, w io.Writer) error {
	a, err := s.TenantArchive(ctx, id)
	if err != nil {
		return err
	}
	r, _, err := s.o.Store.Get(ctx, key(id, tenantName))
	if err != nil {
		return damaged(tenantName, err)
	}
	defer func() { _ = r.Close() }() // only read
	n, err := io.Copy(w, r)
	if err == nil && n != a.Part.Size {
		err = fmt.Errorf("%w: it has %d bytes, not %d", ErrDamaged, n, a.Part.Size)
	}
	return err
}

// AddTenantArchive takes an archive that SaveTenantArchive wrote back into the
// store, after it was read whole and found to be signed by this installation. It
// returns ErrForged for that of another one, and ErrWrongKey without its key.
func (s *Service) AddTenantArchive(ctx context.Context, from io.Reader) (_ TenantArchive, err error) {
	id := uuid.Must(uuid.NewV7())
	info, err := s.o.Store.Put(ctx, key(id, tenantName), from, -1, "application/octet-stream")
	if err != nil {
		return TenantArchive{}, fmt.Errorf("store the archive: %w", err)
	}
	defer func() {
		if err != nil {
			s.discardArchive(ctx, id)
		}
	}()
	keys, err := s.identities()
	if err != nil {
		return TenantArchive{}, err
	}
	if len(keys) == 0 {
		return TenantArchive{}, fmt.Errorf("%w: name a file with its private key in PAYAID_BACKUP_IDENTITY_FILE or --identity", ErrWrongKey)
	}
	part := Part{Size: info.Size, SHA256: info.SHA256}
	var a TenantArchive
	err = s.retrieve(ctx, id, tenantName, part, ageIdentities(keys), func(r io.Reader) (err error) {
		a, err = s.inspect(r)
		return err
	})
	var noKey *age.NoIdentityMatchError
	if errors.As(err, &noKey) {
		return TenantArchive{}, fmt.Errorf("%w: it was made for other keys, or by another installation", ErrWrongKey)
	}
	if err != nil {
		return TenantArchive{}, err
	}
	a.ID, a.Part, a.Kind = id, part, Export
	return a, s.write(ctx, id, tenantManifestName, a)
}

func ageIdentities(keys []*age.X25519Identity) []age.Identity {
	out := make([]age.Identity, len(keys))
	for i, k := range keys {
		out[i] = k
	}
	return out
}

// pruneArchives forgets archives of single tenants that are older than their kind is
// kept.
func (s *Service) pruneArchives(ctx context.Context, j *job) error {
	all, err := s.TenantArchives(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		days := SafetyDays
		if a.Kind == Export {
			days = s.o.RetentionDays
		}
		made := s.now().AddDate(0, 0, -days)
		if sec, nsec := a.ID.Time().UnixTime(); sec*1e9+nsec > made.UnixNano() {
			continue
		}
		if err := s.forgetArchive(ctx, a.ID); err != nil {
			return err
		}
		if err := j.say(ctx, "forgot %s, %s of %s", a.ID, a.Kind, a.Name); err != nil {
			return err
		}
	}
	return nil
}

// forgetArchive deletes the manifest first: what is left after a crash is swept.
func (s *Service) forgetArchive(ctx context.Context, id uuid.UUID) error {
	for _, name := range []string{tenantManifestName, tenantName} {
		if err := s.o.Store.Delete(ctx, key(id, name)); err != nil && !errors.Is(err, blob.ErrNotFound) {
			return fmt.Errorf("forget the export %s: %w", id, err)
		}
	}
	return nil
}
