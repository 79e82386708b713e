package walarchive

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// unpack writes the files of a base backup into a new directory.
func (a *Archive) unpack(ctx context.Context, b Base, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // only opened
	key := baseKey(b.System, b.ID, baseData)
	stored, _, err := a.o.Store.Get(ctx, key)
	if err != nil {
		return problem(key, err)
	}
	defer func() { _ = stored.Close() }() // only read
	sum := newSum(stored)
	var local error // ours, not the archive's
	err = a.o.Seal.Decode(sum, func(r io.Reader) error {
		files := tar.NewReader(r)
		for {
			h, err := files.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				local = err
				return err
			}
			if local = unpackOne(root, h, files); local != nil {
				return local
			}
		}
	})
	switch {
	case local != nil:
		return fmt.Errorf("unpack the base backup: %w", local)
	case err != nil:
		return fmt.Errorf("%w: %s: %w", ErrDamaged, key, err)
	}
	if _, err := io.Copy(io.Discard, sum); err != nil {
		return problem(key, err)
	}
	return sum.compare(key, b)
}

// unpackOne writes one file; the root lets none out of the directory.
func unpackOne(root *os.Root, h *tar.Header, r io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(h.Name, 0o700)
	case tar.TypeReg:
		f, err := root.OpenFile(h.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Close())
	}
	return fmt.Errorf("%w: the server has a tablespace outside of its data directory (%s), which is not supported", ErrRefused, h.Name)
}
