package cache

import (
	"context"
	"sync"
	"time"
)

// captures lets those who ask for the same tokens at the same time ask once. Nobody
// is given tokens that were captured before they asked: who comes while Redis is
// being asked waits for the next time, together with all others who do.
type captures struct {
	mu     sync.Mutex
	byName map[string]*capturing
}

// capturing is the names that are being asked for: now, and then.
type capturing struct{ next *captured }

type captured struct {
	done   chan struct{}
	began  time.Time // before Redis was asked
	tokens []string
	err    error
}

// share returns what ask returned in a call that began after share was called.
func (c *captures) share(ctx context.Context, name string, ask func(context.Context) ([]string, error)) (*captured, error) {
	c.mu.Lock()
	running := c.byName[name]
	if running == nil {
		if c.byName == nil {
			c.byName = map[string]*capturing{}
		}
		running = &capturing{}
		c.byName[name] = running
		c.mu.Unlock()
		mine := &captured{done: make(chan struct{})}
		c.run(ctx, name, running, mine, ask)
		return mine, mine.err
	}
	if running.next == nil {
		running.next = &captured{done: make(chan struct{})}
	}
	next := running.next
	c.mu.Unlock()
	select {
	case <-next.done:
		return next, next.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run asks for one group and has the next group, if one has gathered, asked for. It
// does not end with the request of whoever happens to ask.
func (c *captures) run(ctx context.Context, name string, running *capturing, group *captured, ask func(context.Context) ([]string, error)) {
	ctx = context.WithoutCancel(ctx)
	group.began = time.Now()
	group.tokens, group.err = ask(ctx)
	close(group.done)
	c.mu.Lock()
	defer c.mu.Unlock()
	next := running.next
	if running.next = nil; next == nil {
		delete(c.byName, name)
		return
	}
	go c.run(ctx, name, running, next, ask)
}
