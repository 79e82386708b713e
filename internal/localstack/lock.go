package localstack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"
)

const (
	lockPoll = 10 * time.Millisecond
	// lockNotice is when a waiting process tells the person why nothing happens.
	lockNotice = 2 * time.Second
)

// lock is an advisory file lock. The kernel frees it when its process ends,
// however that happens.
type lock struct{ file *os.File }

func (h *home) openLock(name string) (*lock, error) {
	f, err := h.openFile(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	return &lock{file: f}, nil
}

// lockTransition waits until no other process starts or stops the servers.
func (h *home) lockTransition(ctx context.Context, log *slog.Logger) (*lock, error) {
	k, err := h.openLock(transitionFile)
	if err != nil {
		return nil, err
	}
	begun, told := time.Now(), false
	for {
		ok, err := k.tryExclusive()
		if err != nil {
			k.release()
			return nil, err
		}
		if ok {
			return k, nil
		}
		if !told && time.Since(begun) > lockNotice {
			told = true
			log.Info("waiting for another payaid process that starts or stops the servers", "dir", h.root)
		}
		if err := sleep(ctx, lockPoll); err != nil {
			k.release()
			return nil, fmt.Errorf("another payaid process was starting or stopping the servers of %s all this time: %w", h.root, err)
		}
	}
}

// tryExclusive takes the lock for this process alone, or reports false at once.
// A shared lock held before is then lost.
func (k *lock) tryExclusive() (bool, error) {
	err := k.flock(syscall.LOCK_EX | syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// shared takes the lock beside other shared holders.
func (k *lock) shared() error { return k.flock(syscall.LOCK_SH) }

func (k *lock) flock(how int) error {
	for {
		err := syscall.Flock(int(k.file.Fd()), how)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("lock %s: %w", k.file.Name(), err)
		}
		return nil
	}
}

func (k *lock) release() { _ = k.file.Close() }

// sleep waits for d, or returns the context's error when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
