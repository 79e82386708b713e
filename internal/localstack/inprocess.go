package localstack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const (
	// inProcessFile tells the other processes where the in-process server is.
	inProcessFile = "redis-in-process.json"
	// inProcessLock is held by the process it lives in.
	inProcessLock = "redis-in-process.lock"

	clockStep = 50 * time.Millisecond
)

// inProcess is a Redis server inside this process. It keeps nothing on disk.
// When its process ends, the first of the others to notice (their supervisor, or
// the next Start) opens an empty one at the same address.
type inProcess struct {
	server *miniredis.Miniredis
	lock   *lock
	stop   chan struct{}
	done   chan struct{}
}

type published struct {
	Addr     string `json:"addr"`
	Password string `json:"password"`
}

// inProcessRedis reads where the in-process server is or last was, and whether
// a process holds it now.
func (h *home) inProcessRedis() (at endpoint, held bool, err error) {
	at = endpoint{network: "tcp"}
	data, err := os.ReadFile(h.path(inProcessFile))
	if errors.Is(err, fs.ErrNotExist) {
		return at, false, nil
	}
	if err != nil {
		return at, false, h.explain(err)
	}
	var p published
	if json.Unmarshal(data, &p) == nil { // a damaged file is as good as none
		at.addr, at.password = p.Addr, p.Password
	}
	k, err := h.openLock(inProcessLock)
	if err != nil {
		return at, false, err
	}
	defer k.release()
	free, err := k.tryExclusive()
	return at, !free, err
}

// joinOrServe uses the in-process server of another process, or becomes its home
// when nobody is.
func (r *redis) joinOrServe(ctx context.Context) error {
	k, err := r.home.openLock(inProcessLock)
	if err != nil {
		return err
	}
	free, err := k.tryExclusive()
	if err != nil || !free {
		k.release()
		if err != nil {
			return err
		}
		if _, err := r.at.ping(ctx); err != nil {
			return fmt.Errorf("the payaid process that holds the in-process Redis of %s does not answer: end that process and start again (%w)", r.home.root, err)
		}
		return nil
	}
	s, err := r.serve(k)
	if err != nil {
		k.release()
		return err
	}
	r.served = s
	return nil
}

// serve opens the server at the address others may still know. While nobody was
// told one, another port will do.
func (r *redis) serve(k *lock) (*inProcess, error) {
	const anyPort = "127.0.0.1:0"
	addr := r.at.addr
	if r.at.password == "" {
		addr, r.at.password = anyPort, rand.Text()
	}
	server := miniredis.NewMiniRedis()
	server.RequireAuth(r.at.password)
	err := server.StartAddr(addr)
	if err != nil && !r.told {
		err = server.StartAddr(anyPort)
	}
	if err != nil {
		return nil, fmt.Errorf("open the in-process Redis at %s: %w", addr, err)
	}
	if !r.told {
		r.at.addr = server.Addr()
	}
	data, err := json.Marshal(published{Addr: r.at.addr, Password: r.at.password})
	if err == nil {
		err = r.home.writeFile(inProcessFile, data)
	}
	if err != nil {
		server.Close()
		return nil, err
	}
	s := &inProcess{server: server, lock: k, stop: make(chan struct{}), done: make(chan struct{})}
	go s.clock()
	return s, nil
}

// clock lets time pass in the server, which by itself expires nothing.
func (s *inProcess) clock() {
	defer close(s.done)
	t := time.NewTicker(clockStep)
	defer t.Stop()
	for last := time.Now(); ; {
		select {
		case <-s.stop:
			return
		case now := <-t.C:
			s.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

// endInProcess closes the server when it lives in this process.
func (r *redis) endInProcess() {
	if r.served == nil {
		return
	}
	close(r.served.stop)
	<-r.served.done
	r.served.server.Close()
	r.served.lock.release()
	r.served = nil
}
