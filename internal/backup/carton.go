package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"payaid/internal/blob"
)

// ErrUpload tells that an uploaded file is no whole backup of this installation.
// Its text says why.
var ErrUpload = errors.New("the upload was refused")

// uploadLock lets one backup be uploaded at a time.
const uploadLock = "hashtext('payaid.backup.upload')"

// parts are what a carton holds after the manifest, in this order.
func (m Manifest) parts() []struct {
	name string
	Part
} {
	return []struct {
		name string
		Part
	}{{listName, m.Objects}, {dumpName, m.Dump}}
}

// FileName names the file that Send writes.
func (m Manifest) FileName() string {
	return "payaid-" + m.StartedAt.UTC().Format("2006-01-02-1504") + "-" + m.ID.String()[24:] + ".tar"
}

// Send writes one backup, encrypted as it is, to w as one tar file: the manifest,
// the list of files, the dump. What was sent can be received again; damaged parts
// end it with ErrDamaged.
func (d *Desk) Send(ctx context.Context, id uuid.UUID, w io.Writer) error {
	b, err := d.s.Get(ctx, id)
	if err != nil {
		return err
	}
	manifest, err := d.s.signer.seal(id, manifestName, b.Manifest)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(w)
	if err := header(tw, id, manifestName, int64(len(manifest)), b.StartedAt); err != nil {
		return err
	}
	if _, err := tw.Write(manifest); err != nil {
		return err
	}
	for _, p := range b.parts() {
		if err := header(tw, id, p.name, p.Size, b.StartedAt); err != nil {
			return err
		}
		if err := d.sendPart(ctx, id, p.name, p.Part, tw); err != nil {
			return err
		}
	}
	return tw.Close()
}

func header(tw *tar.Writer, id uuid.UUID, name string, size int64, at time.Time) error {
	return tw.WriteHeader(&tar.Header{Name: key(id, name), Mode: 0o600, Size: size, ModTime: at.Truncate(time.Second), Format: tar.FormatPAX})
}

// sendPart breaks off before the end of a part that is not as it was written.
func (d *Desk) sendPart(ctx context.Context, id uuid.UUID, name string, want Part, w io.Writer) error {
	stored, _, err := d.s.o.Store.Get(ctx, key(id, name))
	if err != nil {
		return damaged(name, err)
	}
	defer func() { _ = stored.Close() }() // only read
	sum := &checked{r: stored, hash: sha256.New()}
	if _, err := io.Copy(w, sum); err != nil {
		return damaged(name, err)
	}
	return sum.compare(name, want)
}

// Receive keeps a backup that Send wrote. It is listed only once every byte was
// compared with its signed manifest; ErrUpload says what was wrong with the file,
// and then nothing of it is kept. A backup that is there already is refused, too.
func (d *Desk) Receive(ctx context.Context, r io.Reader) (Backup, error) {
	release, err := lockUpload(ctx, d.pool)
	if err != nil {
		return Backup{}, err
	}
	defer release()
	tr := tar.NewReader(r)
	m, manifest, err := d.receiveManifest(ctx, tr)
	if err != nil {
		return Backup{}, err
	}
	if err := d.receiveParts(ctx, tr, m); err != nil {
		d.s.discard(ctx, m.ID)
		return Backup{}, err
	}
	if _, err := d.s.o.Store.Put(ctx, key(m.ID, manifestName), bytes.NewReader(manifest), int64(len(manifest)), "application/json"); err != nil {
		d.s.discard(ctx, m.ID)
		return Backup{}, fmt.Errorf("keep the manifest: %w", err)
	}
	return Backup{Manifest: m}, nil
}

func lockUpload(ctx context.Context, pool *pgxpool.Pool) (release func(), err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("take the lock for uploads: %w", err)
	}
	var mine bool
	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock("+uploadLock+")").Scan(&mine)
	if err == nil && !mine {
		err = fmt.Errorf("%w: somebody uploads a backup", ErrBusy)
	}
	if err != nil {
		conn.Release()
		return nil, err
	}
	return func() {
		ctx, cancel := lasting(ctx)
		defer cancel()
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_unlock("+uploadLock+")"); err != nil {
			_ = conn.Conn().Close(ctx) // the lock goes with it
		}
		conn.Release()
	}, nil
}

// refuseUpload is ErrUpload with a reason.
func refuseUpload(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrUpload, fmt.Errorf(format, args...))
}

// receiveManifest reads the first entry and checks its signature before anything of
// it is believed. data are its bytes as they were signed.
func (d *Desk) receiveManifest(ctx context.Context, tr *tar.Reader) (m Manifest, data []byte, err error) {
	h, err := tr.Next()
	if err != nil {
		return m, nil, refuseUpload("it is no tar file: %w", err)
	}
	data, err = io.ReadAll(io.LimitReader(tr, maxDocument))
	if err != nil {
		return m, nil, refuseUpload("it ends in its manifest: %w", err)
	}
	var claimed struct {
		Document struct {
			ID uuid.UUID `json:"id"`
		} `json:"document"`
	}
	if err := json.Unmarshal(data, &claimed); err != nil || h.Name != key(claimed.Document.ID, manifestName) {
		return m, nil, refuseUpload("it does not begin with the manifest of a backup: take a file that was downloaded here")
	}
	if err := d.s.signer.open(claimed.Document.ID, manifestName, data, &m); err != nil {
		return m, nil, refuseUpload("%w", err)
	}
	if m.Format != manifestFormat || m.ID != claimed.Document.ID {
		return m, nil, refuseUpload("its format is %d, this program reads %d", m.Format, manifestFormat)
	}
	switch _, err := d.s.Get(ctx, m.ID); {
	case err == nil:
		return m, nil, refuseUpload("this backup is here already")
	case errors.Is(err, ErrNotFound):
		return m, data, nil
	default:
		return m, nil, err
	}
}

func (d *Desk) receiveParts(ctx context.Context, tr *tar.Reader, m Manifest) error {
	for _, p := range m.parts() {
		h, err := tr.Next()
		if err != nil {
			return refuseUpload("it ends before %s: it was cut short", p.name)
		}
		if h.Name != key(m.ID, p.name) || h.Size != p.Size {
			return refuseUpload("it holds %.100q of %d bytes where the manifest says %s of %d", h.Name, h.Size, p.name, p.Size)
		}
		broken := &firstError{r: tr}
		info, err := d.s.o.Store.Put(ctx, key(m.ID, p.name), broken, p.Size, "application/octet-stream")
		switch {
		case broken.err != nil:
			return refuseUpload("it ends in %s: it was cut short (%w)", p.name, broken.err)
		case errors.Is(err, blob.ErrSize):
			return refuseUpload("it ends in %s: it was cut short", p.name)
		case err != nil:
			return fmt.Errorf("keep %s: %w", p.name, err)
		case info.SHA256 != p.SHA256:
			return refuseUpload("the bytes of %s are not those that the manifest names: the file is damaged", p.name)
		}
	}
	return nil
}
