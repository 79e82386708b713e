// Package cache keeps values in Redis under tags. Who writes names the tags that
// its write makes old; from the answer of a write on, nobody reads an older value,
// on any replica, also when writers die, and when Redis is slow, away, emptied or
// comes back with old content. Then it is slower, never wrong.
//
// It knows neither tenants' rules nor what a value means: whoever asks has checked
// the rights, and puts all that the value depends on into its key.
package cache

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"payaid/db"
	"payaid/internal/kv"
)

// Options say where the cache is and how patient it is. Zero durations are right
// for production.
type Options struct {
	URL string // of Redis or Valkey, for kv.Open
	// DB is best a small pool of the cache's own: a lease that waits behind pages
	// is lost just when the cache is needed most.
	DB  *db.DB
	Log *slog.Logger

	ReadTimeout  time.Duration // for one look-up; 50 ms
	WriteTimeout time.Duration // for marking and ending tags; 250 ms
	// Lease is how long values may be served after the state was read, and so how
	// long a write waits, once, when it cannot reach Redis; 1 s. It is read again
	// every quarter of it.
	Lease time.Duration
	// Deadline is how long a mark keeps readers away at most, and how long nothing is
	// kept after marks may have been lost. Once its tags are marked a transaction has
	// to end within it, as the database's own limits see to; 20 s.
	Deadline time.Duration
	Relay    time.Duration // between two looks into the outbox, and at a Redis that did not answer; 1 s
	Cooldown time.Duration // between a write without Redis and the next use of the cache; 5 s
	MaxValue int           // bytes; larger values are not kept; 512 KiB
	Nearby   int           // bytes of values that are kept in the process as well; 16 MiB
}

func (o *Options) fill() {
	o.ReadTimeout = cmp.Or(o.ReadTimeout, 50*time.Millisecond)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 250*time.Millisecond)
	o.Lease = cmp.Or(o.Lease, time.Second)
	o.Deadline = cmp.Or(o.Deadline, 20*time.Second)
	o.Relay = cmp.Or(o.Relay, time.Second)
	o.Cooldown = cmp.Or(o.Cooldown, 5*time.Second)
	o.MaxValue = cmp.Or(o.MaxValue, 512<<10)
	o.Nearby = cmp.Or(o.Nearby, 16<<20)
}

// ErrAway means that Redis did not answer in time, or is not asked because it did
// not answer lately.
var ErrAway = errors.New("cache: Redis does not answer")

// Cache is one replica's use of the cache. It is safe for concurrent use. A nil
// Cache keeps nothing: every value is loaded.
type Cache struct {
	opt   Options
	name  string // of this replica
	redis redis.UniversalClient

	state    atomic.Pointer[state]
	reading  sync.Mutex    // one reading of the state at a time, so that none overtakes a newer one
	fencing  chan struct{} // one fence at a time
	circuit  circuit
	flights  flights
	nearby   nearby
	captures captures
	kinds    kinds
	counts   counters

	stop     context.CancelFunc
	finished sync.WaitGroup
}

// New returns a cache that serves nothing until Start: a process that only writes
// marks its tags and needs no more.
func New(o Options) (*Cache, error) {
	o.fill()
	c := &Cache{opt: o, name: rand.Text()[:8], fencing: make(chan struct{}, 1), nearby: nearby{max: o.Nearby}, stop: func() {}}
	client, err := kv.Open(o.URL, kv.OnConnect(c.checkServer))
	if err != nil {
		return nil, err
	}
	c.redis = client
	return c, nil
}

// Start takes part: it holds the lease, looks into the outbox and brings the cache
// back after Redis was away, until Close.
func (c *Cache) Start(ctx context.Context) {
	ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	if _, err := c.readState(ctx); err != nil {
		c.opt.Log.WarnContext(ctx, "the cache is not used until the database tells its state", "err", err)
	}
	c.finished.Go(func() { c.every(ctx, c.opt.Lease/4, c.holdLease) })
	c.finished.Go(func() { c.every(ctx, c.opt.Relay, c.probe) })
	c.finished.Go(func() { c.every(ctx, c.opt.Relay, c.relay) })
	c.finished.Go(func() { c.every(ctx, c.opt.Relay, c.reopen) })
	c.finished.Go(func() { c.every(ctx, publishEvery, c.publish) })
}

// Close ends what Start began and closes the connections.
func (c *Cache) Close() error {
	c.stop()
	c.finished.Wait()
	return c.redis.Close()
}

// every calls work until ctx ends. A failure is told once, and again after work
// succeeded.
func (c *Cache) every(ctx context.Context, pause time.Duration, work func(context.Context) error) {
	t := time.NewTicker(pause)
	defer t.Stop()
	failed := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		err := work(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			c.opt.Log.WarnContext(ctx, "the cache is bypassed for now", "err", err)
		}
		failed = err != nil
	}
}

// Ping reports whether Redis answers.
func (c *Cache) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.opt.WriteTimeout)
	defer cancel()
	return c.redis.Ping(ctx).Err()
}

// ask calls Redis within a time limit. After several failures in a row nobody
// asks until a ping is answered.
func (c *Cache) ask(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	if c.circuit.open() {
		return ErrAway
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := call(limited)
	switch {
	case err == nil:
		c.circuit.succeeded()
		return nil
	case ctx.Err() != nil: // the caller left, which says nothing about Redis
		return ctx.Err()
	}
	c.counts.failures.Add(1)
	c.circuit.failed()
	return fmt.Errorf("%w: %w", ErrAway, err)
}
