package localstack

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	// maxSocketPath keeps below sun_path of every system (104 bytes on macOS).
	maxSocketPath = 100
	logDir        = "log"
	secretFile    = "secret.key"
)

// home is one data directory and the user its servers run as.
type home struct {
	root string // absolute, symbolic links resolved
	run  string // private directory of the sockets
	as   identity
}

// openHome makes the data directory when it is missing.
func openHome(dir string) (*home, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory %q: %w", dir, err)
	}
	h := &home{root: abs}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, h.explain(err)
	}
	// Two spellings of one directory must agree on locks and sockets.
	if h.root, err = filepath.EvalSymlinks(abs); err != nil {
		return nil, h.explain(err)
	}
	if h.as, err = ownerOf(h.root); err != nil {
		return nil, h.explain(err)
	}
	h.run = runDir(h.root, os.TempDir())
	return h, nil
}

// settle decides who runs the servers and makes the directories they share. It
// runs under the transition lock.
func (h *home) settle() error {
	if err := h.chooseIdentity(); err != nil {
		return err
	}
	if err := h.mkdir(h.path(logDir)); err != nil {
		return err
	}
	return h.makeRunDir()
}

func (h *home) path(name ...string) string {
	return filepath.Join(append([]string{h.root}, name...)...)
}

// runDir is root/run, or a short name in temp when a socket's path would become
// too long there, or when it has a comma, which separates hosts in a URL.
func runDir(root, temp string) string {
	run := filepath.Join(root, "run")
	if len(filepath.Join(run, postgresSocket)) < maxSocketPath && !strings.Contains(run, ",") {
		return run
	}
	sum := sha256.Sum256([]byte(root))
	return filepath.Join(temp, "payaid-"+hex.EncodeToString(sum[:8]))
}

// makeRunDir makes the directory of the sockets. Who can enter it is superuser
// of the database, so one that somebody else prepared in a shared temporary
// directory is refused.
func (h *home) makeRunDir() error {
	if n := len(filepath.Join(h.run, postgresSocket)); n >= maxSocketPath {
		return fmt.Errorf("the path of the database's socket, %s, is too long (%d bytes): set TMPDIR or PAYAID_DATA_DIR to a directory with a shorter name", h.run, n)
	}
	if err := h.mkdir(h.run); err != nil {
		return err
	}
	info, err := os.Lstat(h.run)
	if err != nil {
		return h.explain(err)
	}
	if !info.IsDir() || uidOf(info) != h.as.uid || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s must be a directory of user id %d that nobody else may enter, but it is %s of user id %d: remove it and start again",
			h.run, h.as.uid, info.Mode(), uidOf(info))
	}
	return nil
}

// mkdir makes a directory for the servers alone; one that exists is left as it is.
func (h *home) mkdir(path string) error {
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		err = h.as.own(path)
	}
	return h.explain(err)
}

// openFile opens a file of the data directory, readable by its owner only.
func (h *home) openFile(name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(h.path(name), flag, 0o600)
	if err != nil {
		return nil, h.explain(err)
	}
	if err := h.as.own(f.Name()); err != nil {
		return nil, errors.Join(h.explain(err), f.Close())
	}
	return f, nil
}

// writeFile replaces a file in one step, so that no reader sees half of it.
func (h *home) writeFile(name string, data []byte) error {
	f, err := h.openFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return h.explain(err)
	}
	return h.explain(os.Rename(f.Name(), h.path(name)))
}

// secretKey reads the data directory's secret and makes it the first time.
func (h *home) secretKey() (string, error) {
	data, err := os.ReadFile(h.path(secretFile))
	if err == nil {
		if raw, err := hex.DecodeString(string(data)); err != nil || len(raw) != 32 {
			return "", fmt.Errorf("%s is damaged (it must be 64 hex digits): put back a copy of it, or remove it, which signs everybody out and loses what was encrypted with it", h.path(secretFile))
		}
		return string(data), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", h.explain(err)
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: see crypto/rand
	key := hex.EncodeToString(raw)
	return key, h.writeFile(secretFile, []byte(key))
}

func uidOf(info fs.FileInfo) int {
	return int(info.Sys().(*syscall.Stat_t).Uid)
}
