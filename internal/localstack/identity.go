package localstack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// identity is the user the servers run as. PostgreSQL refuses to run as root,
// so root needs one of two ways around that.
type identity struct {
	uid, gid int
	// way is how a child process becomes that user.
	way way
}

type way int

const (
	// plain starts servers as the user of this process.
	plain way = iota
	// switched is for root: the servers run as the owner of the data directory.
	switched
	// namespaced is for root: in a user namespace root is called nobody. Files
	// stay root's, so it works below a directory only root may enter.
	namespaced
)

// ownerOf is who the servers of an existing data directory run as. For root's
// own directory chooseIdentity has the last word.
func ownerOf(root string) (identity, error) {
	me := identity{uid: os.Geteuid(), gid: os.Getegid()}
	info, err := os.Stat(root)
	if err != nil {
		return identity{}, err
	}
	if owner := uidOf(info); me.uid == 0 && owner != 0 {
		gid := int(info.Sys().(*syscall.Stat_t).Gid)
		return identity{uid: owner, gid: gid, way: switched}, nil
	}
	return me, nil
}

// chooseIdentity finds a way that this system allows. Without user namespaces
// the data directory of root is given to the user nobody.
func (h *home) chooseIdentity() error {
	if h.as.uid == 0 {
		nobody, err := lookupNobody()
		if err != nil {
			return err
		}
		h.as.way = namespaced
		if h.try(h.as) != nil {
			h.as = nobody
			if err := h.giveAway(); err != nil {
				return err
			}
		}
	}
	if h.as.way == switched {
		if err := h.try(h.as); err != nil {
			return fmt.Errorf("PostgreSQL does not run as root, and user id %d may not use %s (%w): set PAYAID_DATA_DIR to a directory that every user can reach, or run payaid as an ordinary user", h.as.uid, h.root, err)
		}
	}
	return nil
}

// try starts a harmless command as id inside the data directory.
func (h *home) try(id identity) error {
	path, err := exec.LookPath("true")
	if err != nil {
		return err
	}
	attr, err := id.attributes()
	if err != nil {
		return err
	}
	cmd := exec.Command(path)
	cmd.Dir, cmd.SysProcAttr = h.root, attr
	return cmd.Run()
}

// giveAway makes everything in the data directory, and the directory of the
// sockets, h.as's. It is needed once: afterwards the directory has that owner.
func (h *home) giveAway() error {
	own := func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, h.as.uid, h.as.gid)
	}
	if err := filepath.WalkDir(h.root, own); err != nil {
		return h.explain(err)
	}
	if err := h.as.own(h.run); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h.explain(err)
	}
	return nil
}

// own gives a file this process made to the servers' user.
func (id identity) own(path string) error {
	if id.way != switched {
		return nil
	}
	return os.Lchown(path, id.uid, id.gid)
}

func lookupNobody() (identity, error) {
	u, err := user.Lookup("nobody")
	if err != nil {
		return identity{}, fmt.Errorf("PostgreSQL does not run as root, and this system has no user nobody to run it as: run payaid as an ordinary user (%w)", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return identity{}, fmt.Errorf("user nobody: %w", err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return identity{}, fmt.Errorf("user nobody: %w", err)
	}
	return identity{uid: uid, gid: gid, way: switched}, nil
}

// switchUser is the part of the attributes that every Unix system knows.
func (id identity) switchUser() *syscall.SysProcAttr {
	if id.way != switched {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(id.uid), Gid: uint32(id.gid)}}
}
