package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"strings"
)

// inspect reads an archive whole and returns its manifest, if this installation
// signed it and it says of every table and of the files what was found.
func (s *Service) inspect(r io.Reader) (TenantArchive, error) {
	found := inspection{tables: map[string]Table{}, sums: map[string]hash.Hash{}, files: sha256.New()}
	in := tar.NewReader(r)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = found.take(h, in)
		}
		if err != nil {
			return TenantArchive{}, fmt.Errorf("%w: it is no archive of one business: %w", ErrDamaged, err)
		}
	}
	return found.judge(s.signer)
}

type inspection struct {
	tables   map[string]Table
	sums     map[string]hash.Hash
	files    hash.Hash
	count    int64
	manifest []byte
}

func (i *inspection) take(h *tar.Header, r io.Reader) error {
	if rest, ok := strings.CutPrefix(h.Name, tablesFolder); ok {
		name, _, _ := strings.Cut(rest, "/")
		if i.sums[name] == nil {
			i.sums[name] = sha256.New()
		}
		lines := &lineCounter{}
		_, err := io.Copy(io.MultiWriter(i.sums[name], lines), r)
		i.tables[name] = Table{Rows: i.tables[name].Rows + lines.n}
		return err
	}
	if key, ok := strings.CutPrefix(h.Name, objectsFolder); ok {
		i.count++
		fmt.Fprintf(i.files, "%s\n%d\n", key, h.Size)
		_, err := io.Copy(i.files, r)
		return err
	}
	var err error
	i.manifest, err = io.ReadAll(io.LimitReader(r, maxDocument))
	return err
}

// judge compares what was found with the manifest, whose id is part of what is
// signed.
func (i *inspection) judge(sign signer) (TenantArchive, error) {
	var e envelope
	var a TenantArchive
	if err := json.Unmarshal(i.manifest, &e); err != nil {
		return a, fmt.Errorf("%w: the archive has no manifest", ErrForged)
	}
	if err := json.Unmarshal(e.Document, &a); err != nil {
		return a, fmt.Errorf("%w: the archive has no manifest", ErrForged)
	}
	if err := sign.open(a.ID, tenantManifestName, i.manifest, &a); err != nil {
		return a, err
	}
	if a.Format != tenantFormat {
		return a, fmt.Errorf("%w: format %d, this program reads %d", ErrForged, a.Format, tenantFormat)
	}
	for _, name := range a.Order {
		t := i.tables[name]
		sum := i.sums[name]
		if sum == nil {
			sum = sha256.New() // a table without rows
		}
		t.Digest = hex.EncodeToString(sum.Sum(nil))
		i.tables[name] = t
	}
	if !maps.Equal(i.tables, a.Tables) || i.count != a.Files.Rows || hex.EncodeToString(i.files.Sum(nil)) != a.Files.Digest {
		return a, fmt.Errorf("%w: the archive holds other rows or files than its manifest says", ErrForged)
	}
	return a, nil
}

// lineCounter counts the ends of lines.
type lineCounter struct{ n int64 }

// Write never fails.
func (l *lineCounter) Write(p []byte) (int, error) {
	l.n += int64(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}
