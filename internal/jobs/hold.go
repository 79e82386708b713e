package jobs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	// holdStep is how long a waiting stop keeps Stop from its turn.
	holdStep = 500 * time.Millisecond
	// startAgain is how long after a failed start the next one is tried.
	startAgain = time.Second
)

// holder stops and starts a queue as it is told.
type holder struct {
	queue interface {
		Start(context.Context) error
		Stop(context.Context) error
	}
	log      *slog.Logger
	wishes   chan bool // the newest one
	mu       sync.Mutex
	stop     context.CancelFunc
	finished sync.WaitGroup
}

// Hold takes no new jobs until it is called with false. Those that run go on, and
// are over before new ones are taken. It does not wait.
func (c *Client) Hold(hold bool) {
	h := c.holder
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.wishes: // overtaken
	default:
	}
	h.wishes <- hold
}

// keep follows the wishes until ctx ends. The queue runs when it is called.
func (h *holder) keep(ctx, start context.Context) {
	held, running := false, true
	var retry <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case held = <-h.wishes:
		case <-retry:
		}
		retry = nil
		switch {
		case held && running:
			running = !h.halt(ctx)
		case !held && !running:
			err := h.queue.Start(start)
			running = err == nil
			if err != nil {
				h.log.WarnContext(ctx, "the job queue does not start again yet", "err", err)
				retry = time.After(startAgain)
			}
		}
	}
}

// halt waits for the jobs that run. It reports false when ctx ended first.
func (h *holder) halt(ctx context.Context) bool {
	for ctx.Err() == nil {
		step, cancel := context.WithTimeout(ctx, holdStep)
		err := h.queue.Stop(step)
		cancel()
		if err == nil {
			return true
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			h.log.WarnContext(ctx, "the job queue does not stop", "err", err)
		}
	}
	return false
}

// end leaves the queue to whoever stops it for good.
func (h *holder) end() {
	h.stop()
	h.finished.Wait()
}
