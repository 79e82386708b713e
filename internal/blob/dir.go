package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"syscall"
	"time"
)

const tempFolder = ".tmp" // no key begins with a dot

// Dir is a Store in a directory, one file for each object: its bytes and then a trailer with content type and hash, so that both
// appear in one step. Files that were not made by a Dir are damaged objects to it.
type Dir struct {
	root *os.Root
}

var _ Store = (*Dir)(nil)

// NewDir opens the directory at dirPath as a Store, making it when it is missing. Several processes may share it. Uploads that a crash
// cut off are removed when they are a day old.
func NewDir(dirPath string) (*Dir, error) {
	if err := os.MkdirAll(dirPath, 0o700); err != nil {
		return nil, fmt.Errorf("object directory: %w", err)
	}
	root, err := os.OpenRoot(dirPath)
	if err != nil {
		return nil, fmt.Errorf("object directory: %w", err)
	}
	if err := root.MkdirAll(tempFolder, 0o700); err != nil {
		return nil, fmt.Errorf("object directory: %w", err)
	}
	d := &Dir{root: root}
	if err := d.removeLeftovers(time.Now().Add(-24 * time.Hour)); err != nil {
		return nil, fmt.Errorf("object directory: remove old uploads: %w", err)
	}
	return d, nil
}

func (d *Dir) removeLeftovers(before time.Time) error {
	entries, err := fs.ReadDir(d.root.FS(), tempFolder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // finished by another process
		}
		if err != nil {
			return err
		}
		if info.ModTime().Before(before) {
			_ = d.root.Remove(path.Join(tempFolder, entry.Name())) // another process may do the same
		}
	}
	return nil
}

// Put implements Store. The object is on the disk, and not only in memory, when Put returns.
func (d *Dir) Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	m, err := newMeter(ctx, r, size, math.MaxInt64)
	if err != nil {
		return Info{}, err
	}
	temp := path.Join(tempFolder, rand.Text())
	if err := d.writeTemp(temp, m, cleanContentType(contentType)); err != nil {
		_ = d.root.Remove(temp) // it may not exist
		return Info{}, putError(key, err)
	}
	if err := d.publish(temp, key); err != nil {
		_ = d.root.Remove(temp)
		return Info{}, putError(key, err)
	}
	info, err := d.Stat(ctx, key)
	if err != nil {
		return Info{}, err
	}
	info.SHA256 = m.sha256()
	return info, nil
}

func (d *Dir) writeTemp(name string, m *meter, contentType string) error {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // a second time when all went well, which does no harm
	if _, err := io.Copy(f, m); err != nil {
		return err
	}
	if err := m.finish(); err != nil {
		return err
	}
	if err := (trailer{ContentType: contentType, SHA256: m.sha256()}).write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// publish gives the finished file its name and makes that last through a power failure.
func (d *Dir) publish(temp, key string) error {
	folder := path.Dir(key)
	if err := d.makeFolder(folder); err != nil {
		return err
	}
	if err := d.root.Rename(temp, key); err != nil {
		return err
	}
	return d.sync(folder)
}

func (d *Dir) makeFolder(folder string) error {
	if folder == "." {
		return nil
	}
	if info, err := d.root.Stat(folder); err == nil && info.IsDir() {
		return nil
	}
	parent := path.Dir(folder)
	if err := d.makeFolder(parent); err != nil {
		return err
	}
	if err := d.root.Mkdir(folder, 0o700); err != nil && !isFolder(d.root, folder) {
		return err
	}
	return d.sync(parent)
}

func isFolder(root *os.Root, name string) bool {
	info, err := root.Stat(name)
	return err == nil && info.IsDir()
}

func (d *Dir) sync(folder string) error {
	f, err := d.root.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func putError(key string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		err = fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, fs.ErrExist):
		err = fmt.Errorf("%w, a key is a folder of another: %w", ErrInvalidKey, err)
	}
	return fmt.Errorf("put %s: %w", key, err)
}

// Check implements Store.
func (d *Dir) Check(ctx context.Context) error {
	return check(ctx, d)
}
