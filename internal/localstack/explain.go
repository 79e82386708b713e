package localstack

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// explain turns an error of the file system into what happened and what to do.
func (h *home) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return h.diskFull()
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("payaid may not write in its data directory %s: give it to the user who runs payaid, or set PAYAID_DATA_DIR to a directory of that user (%w)", h.root, err)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("the data directory %s cannot be a directory because a file has that name: remove the file, or set PAYAID_DATA_DIR to another directory (%w)", h.root, err)
	}
	return fmt.Errorf("data directory %s: %w", h.root, err)
}

func (h *home) diskFull() error {
	return fmt.Errorf("the disk that holds the data directory %s is full: free some space and start again", h.root)
}

// failed explains a server by what it wrote before it failed. What says what
// happened.
func (h *home) failed(what, output string) error {
	output = strings.TrimSpace(output)
	// The last is PostgreSQL's hint when only part of a page could be written.
	for _, full := range []string{"No space left on device", "Disk quota exceeded", "Check free disk space"} {
		if strings.Contains(output, full) {
			return h.diskFull()
		}
	}
	if output == "" {
		return fmt.Errorf("%s and wrote nothing about the reason", what)
	}
	return fmt.Errorf("%s; its last words were:\n%s", what, lastLines(output, 10))
}

func lastLines(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
