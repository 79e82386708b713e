package cache

import "sync/atomic"

// opensAfter is how many calls fail in a row before nobody calls any more.
const opensAfter = 4

// circuit keeps callers from waiting for a server that does not answer.
type circuit struct{ failures atomic.Int32 }

func (c *circuit) open() bool { return c.failures.Load() >= opensAfter }
func (c *circuit) failed()    { c.failures.Add(1) }
func (c *circuit) succeeded() {
	if c.failures.Load() != 0 {
		c.failures.Store(0)
	}
}
