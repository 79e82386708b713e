package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// Get implements Store. Reading to the end returns ErrDamaged when the bytes are not those that were put.
func (d *Dir) Get(ctx context.Context, key string) (io.ReadCloser, Info, error) {
	f, info, t, err := d.open(ctx, key)
	if err != nil {
		return nil, Info{}, err
	}
	return &body{ReadCloser: newVerifier(f, info.Size, t.SHA256), ctx: ctx}, info, nil
}

// Stat implements Store.
func (d *Dir) Stat(ctx context.Context, key string) (Info, error) {
	f, info, _, err := d.open(ctx, key)
	if err != nil {
		return Info{}, err
	}
	return info, f.Close()
}

func (d *Dir) open(ctx context.Context, key string) (*os.File, Info, trailer, error) {
	if err := errors.Join(checkKey(key), ctx.Err()); err != nil {
		return nil, Info{}, trailer{}, err
	}
	f, err := d.root.Open(key)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, Info{}, trailer{}, fmt.Errorf("%w: %s", ErrNotFound, key)
	}
	if err != nil {
		return nil, Info{}, trailer{}, fmt.Errorf("open %s: %w", key, err)
	}
	info, t, err := describe(f, key)
	if err != nil {
		_ = f.Close() // only read
		return nil, Info{}, trailer{}, fmt.Errorf("open %s: %w", key, err)
	}
	return f, info, t, nil
}

func describe(f *os.File, key string) (Info, trailer, error) {
	st, err := f.Stat()
	if err != nil {
		return Info{}, trailer{}, err
	}
	if st.IsDir() {
		return Info{}, trailer{}, ErrNotFound
	}
	t, err := readTrailer(f, st.Size())
	if err != nil {
		return Info{}, trailer{}, err
	}
	return Info{Key: key, Size: st.Size() - trailerSize, Modified: st.ModTime(), ContentType: t.ContentType}, t, nil
}

// Delete implements Store.
func (d *Dir) Delete(ctx context.Context, key string) error {
	if err := errors.Join(checkKey(key), ctx.Err()); err != nil {
		return err
	}
	if isFolder(d.root, key) {
		return nil
	}
	err := d.root.Remove(key)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return d.sync(path.Dir(key))
}

// List implements Store.
func (d *Dir) List(ctx context.Context, prefix string, fn func(Info) error) error {
	if err := checkPrefix(prefix); err != nil {
		return err
	}
	start := path.Dir(prefix + "x") // the deepest folder that holds all of them
	return fs.WalkDir(d.root.FS(), start, func(name string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil // nothing has this prefix, or it was deleted meanwhile
		}
		if err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
		if entry.IsDir() {
			return skipOther(name, prefix)
		}
		if !strings.HasPrefix(name, prefix) {
			return nil
		}
		st, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
		return fn(Info{Key: name, Size: max(0, st.Size()-trailerSize), Modified: st.ModTime()})
	})
}

// skipOther keeps List out of folders where no key has the prefix.
func skipOther(folder, prefix string) error {
	within := folder == "." || strings.HasPrefix(folder+"/", prefix) || strings.HasPrefix(prefix, folder+"/")
	if folder == tempFolder || !within {
		return fs.SkipDir
	}
	return nil
}
