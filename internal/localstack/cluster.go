package localstack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// newInitPrefix names a cluster that is being made. A killed start leaves it.
const newInitPrefix = ".initdb-"

// newestCluster finds the data of the highest PostgreSQL major; "" when there is
// none. Older ones beside it are what an upgrade left, so they are never used.
func (h *home) newestCluster() (dir string, major int, err error) {
	dirs, err := filepath.Glob(h.path("pg-*"))
	if err != nil {
		return "", 0, fmt.Errorf("look for clusters: %w", err)
	}
	for _, d := range dirs {
		data, err := os.ReadFile(filepath.Join(d, "PG_VERSION"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", 0, h.explain(err)
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil {
			return "", 0, fmt.Errorf("%s is damaged (%w): restore a backup into a new PAYAID_DATA_DIR", filepath.Join(d, "PG_VERSION"), err)
		}
		if n > major {
			dir, major = d, n
		}
	}
	return dir, major, nil
}

// initdb makes pg-<major>. It appears under its name only when it is complete.
func (h *home) initdb(ctx context.Context, bin binaries) (string, error) {
	left, err := filepath.Glob(h.path(newInitPrefix + "*"))
	if err != nil {
		return "", fmt.Errorf("look for unfinished clusters: %w", err)
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return "", h.explain(err)
		}
	}
	made, err := os.MkdirTemp(h.root, newInitPrefix)
	if err != nil {
		return "", h.explain(err)
	}
	if err := h.as.own(made); err != nil {
		return "", h.explain(err)
	}
	out, err := h.runInitdb(ctx, bin, made, "C.UTF-8")
	if err != nil && strings.Contains(out, "locale") {
		out, err = h.runInitdb(ctx, bin, made, "C") // older macOS has no C.UTF-8
	}
	if err != nil {
		// Half a cluster may be what fills the disk; its removal is a courtesy.
		_ = os.RemoveAll(made)
		if ctx.Err() != nil {
			return "", fmt.Errorf("set up PostgreSQL: %w", ctx.Err())
		}
		return "", h.failed(fmt.Sprintf("initdb of PostgreSQL %s failed (%v)", bin.version, err), out)
	}
	dir := h.path("pg-" + strconv.Itoa(bin.major))
	if err := os.Rename(made, dir); err != nil {
		return "", fmt.Errorf("%s is in the way and is no PostgreSQL data directory: move it away and start again (%w)", dir, err)
	}
	return dir, nil
}

func (h *home) runInitdb(ctx context.Context, bin binaries, dir, locale string) (string, error) {
	cmd, err := h.command(ctx, filepath.Join(bin.dir, "initdb"),
		"-D", dir, "-U", superuser, "-A", "trust", "--encoding=UTF8", "--locale="+locale, "--no-instructions")
	if err != nil {
		return "", err
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
