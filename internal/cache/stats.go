package cache

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Stats count what a replica did since it started.
type Stats struct {
	Hits     uint64 `json:"hits"`     // served from the cache
	Misses   uint64 `json:"misses"`   // loaded, and shared or kept
	Bypasses uint64 `json:"bypasses"` // loaded without the cache: a write was under way, or the cache is not to be used
	Stale    uint64 `json:"stale"`    // of the misses: a value was there, but older than a write
	Stores   uint64 `json:"stores"`   // values kept
	TooLarge uint64 `json:"tooLarge"` // values not kept for their size
	Failures uint64 `json:"failures"` // calls that Redis did not answer
	Marks    uint64 `json:"marks"`    // writes announced
	Fences   uint64 `json:"fences"`   // times that a write had to switch the cache off
	Relayed  uint64 `json:"relayed"`  // writes ended for a writer that did not
}

func (s Stats) plus(o Stats) Stats {
	return Stats{
		Hits: s.Hits + o.Hits, Misses: s.Misses + o.Misses, Bypasses: s.Bypasses + o.Bypasses, Stale: s.Stale + o.Stale,
		Stores: s.Stores + o.Stores, TooLarge: s.TooLarge + o.TooLarge, Failures: s.Failures + o.Failures, Marks: s.Marks + o.Marks,
		Fences: s.Fences + o.Fences, Relayed: s.Relayed + o.Relayed,
	}
}

type counters struct {
	hits, misses, bypasses, stale, stores, tooLarge, failures, marks, fences, relayed atomic.Uint64
}

// Stats returns the counts of this replica.
func (c *Cache) Stats() Stats {
	n := &c.counts
	return Stats{
		Hits: n.hits.Load(), Misses: n.misses.Load(), Bypasses: n.bypasses.Load(), Stale: n.stale.Load(), Stores: n.stores.Load(),
		TooLarge: n.tooLarge.Load(), Failures: n.failures.Load(), Marks: n.marks.Load(), Fences: n.fences.Load(), Relayed: n.relayed.Load(),
	}
}

// Report is the state of the cache as this replica sees it.
type Report struct {
	Reachable bool  // Redis answers
	Serving   bool  // values are served now
	Disabled  bool  // a write could not reach Redis: off everywhere until it answers
	Keys      int64 // in Redis: values, tokens and a few more
	Own       Stats
	All       Stats // of every replica that is alive
	Replicas  int   // of which All is the sum
}

// Report asks Redis, and describes what is known without it if it does not answer.
func (c *Cache) Report(ctx context.Context) Report {
	r := Report{Serving: c.lease() != nil && !c.circuit.open(), Own: c.Stats()}
	if s := c.state.Load(); s != nil {
		r.Disabled = s.disabled
	}
	r.All, r.Replicas = r.Own, 1
	var others map[string]string
	r.Reachable = c.ask(ctx, c.opt.WriteTimeout, func(ctx context.Context) (err error) {
		if r.Keys, err = c.redis.DBSize(ctx).Result(); err != nil {
			return err
		}
		others, err = c.redis.HGetAll(ctx, replicasKey).Result()
		return err
	}) == nil
	for name, text := range others {
		var o published
		if name == c.name || json.Unmarshal([]byte(text), &o) != nil || time.Since(o.At).Abs() > 3*publishEvery {
			continue
		}
		r.All, r.Replicas = r.All.plus(o.Stats), r.Replicas+1
	}
	return r
}

// publishEvery is how often a replica tells the others its counts.
const publishEvery = 5 * time.Second

// replicasKey is a hash with the counts of each replica by its name.
const replicasKey = "cache:replicas"

type published struct {
	At time.Time `json:"at"`
	Stats
}

// publish tells the others the counts of this replica and forgets those who have
// been silent for long.
func (c *Cache) publish(ctx context.Context) error {
	mine, err := json.Marshal(published{At: time.Now(), Stats: c.Stats()})
	if err != nil {
		return fmt.Errorf("publish the counts: %w", err)
	}
	if c.circuit.open() {
		return nil
	}
	return c.ask(ctx, c.opt.WriteTimeout, func(ctx context.Context) error {
		all, err := c.redis.HGetAll(ctx, replicasKey).Result()
		if err != nil {
			return err
		}
		_, err = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
			for name, text := range all {
				var o published
				if json.Unmarshal([]byte(text), &o) != nil || time.Since(o.At) > time.Minute {
					p.HDel(ctx, replicasKey, name)
				}
			}
			p.HSet(ctx, replicasKey, c.name, mine)
			return nil
		})
		return err
	})
}
