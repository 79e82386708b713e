package walarchive

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// fetchScript is the restore_command: it asks for a file of the log and waits for it.
// So the keys stay in this process, and only what is replayed next is on the disk.
const fetchScript = `dir=$(dirname "$0")/wal
: > "$dir/$1.want"
until [ -e "$dir/$1.got" ] || [ -e "$dir/$1.none" ]; do sleep 0.02; done
rm -f "$dir/$1.want"
if [ -e "$dir/$1.none" ]; then rm -f "$dir/$1.none"; exit 1; fi
mv "$dir/$1.got" "$2"
`

const feedPoll = 20 * time.Millisecond

// feeder gives a server the log that it asks for.
type feeder struct {
	i      *Instance
	cancel context.CancelFunc
	ended  chan struct{}

	mu    sync.Mutex
	err   error // what is damaged: the server must not go on without it
	given int
}

func (i *Instance) feed(ctx context.Context) *feeder {
	ctx, cancel := context.WithCancel(ctx)
	f := &feeder{i: i, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(f.ended)
		for ctx.Err() == nil && f.problem() == nil {
			f.look(ctx)
			sleep(ctx, feedPoll)
		}
	}()
	return f
}

func (f *feeder) look(ctx context.Context) {
	wanted, _ := filepath.Glob(filepath.Join(f.i.wal(), "*.want")) // fails on a bad pattern only
	for _, path := range wanted {
		path = strings.TrimSuffix(path, ".want")
		if exists(path+".got") || exists(path+".none") {
			continue // it is just being taken
		}
		if err := f.give(ctx, path); err != nil && ctx.Err() == nil {
			f.mu.Lock()
			f.err = err
			f.mu.Unlock()
			return
		}
	}
}

// give puts one file where the server takes it, or says that there is none.
func (f *feeder) give(ctx context.Context, path string) error {
	name := filepath.Base(path)
	if !isSegment(name) && !isHistory(name) {
		return os.WriteFile(path+".none", nil, 0o600)
	}
	out, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	err = f.i.a.Fetch(ctx, f.i.Base.System, name, out)
	cerr := out.Close()
	if errors.Is(err, ErrMissing) {
		_ = os.Remove(path + ".new") // it goes with the directory
		return os.WriteFile(path+".none", nil, 0o600)
	}
	if err := errors.Join(err, cerr); err != nil {
		return err
	}
	if isSegment(name) {
		f.mu.Lock()
		f.given++
		f.mu.Unlock()
	}
	return os.Rename(path+".new", path+".got")
}

func (f *feeder) problem() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *feeder) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.given
}

func (f *feeder) stop() {
	f.cancel()
	<-f.ended
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
