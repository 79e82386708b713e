package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"payaid/db"
)

// stateTimeout bounds one reading of the state.
const stateTimeout = 2 * time.Second

// state is what this replica knows of the row that all replicas share.
type state struct {
	epoch         uuid.UUID
	since         time.Time // when the epoch began, as far as the database's clock tells
	disabled      bool
	disabledSince time.Time // when this replica first saw it so in this epoch
	servers       []string
	readAt        time.Time // before the reading was sent
	database      uint32    // that was live then
}

// lease returns the state if values may be served under it now, else nil. While a
// restore holds writes nothing is served: another replica may be on the restored
// database already.
func (c *Cache) lease() *state {
	s := c.state.Load()
	if s == nil || s.disabled || time.Since(s.readAt) >= c.opt.Lease || s.database != c.opt.DB.Live() || c.opt.DB.Writable() != nil {
		return nil
	}
	return s
}

// stillHolds reports whether the lease under which something was read holds now,
// when it is about to be used.
func (c *Cache) stillHolds(s *state) bool {
	now := c.lease()
	return now != nil && now.epoch == s.epoch
}

// settled reports whether every write that began in an earlier epoch is over. Its
// mark may have been on a server that is gone.
func (c *Cache) settled(s *state) bool { return time.Since(s.since) > c.opt.Deadline }

// holdLease renews the lease.
func (c *Cache) holdLease(ctx context.Context) error {
	_, err := c.readState(ctx)
	return err
}

// probe looks whether Redis answers again, once nobody asks it any more.
func (c *Cache) probe(ctx context.Context) error {
	if !c.circuit.open() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.opt.ReadTimeout)
	defer cancel()
	if err := c.redis.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	c.circuit.succeeded()
	return nil
}

// readState reads the row. What it returns was committed when it returns.
func (c *Cache) readState(ctx context.Context) (*state, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	ctx, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	readAt, database := time.Now(), c.opt.DB.Live()
	row, err := c.opt.DB.Global().GetCacheState(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the state of the cache: %w", err)
	}
	age := time.Duration(row.AgeSeconds * float64(time.Second))
	s := &state{epoch: row.Epoch, since: readAt.Add(-age), disabled: row.Disabled, servers: row.Servers, readAt: readAt, database: database}
	if s.disabled {
		s.disabledSince = time.Now()
		if old := c.state.Load(); old != nil && old.disabled && old.epoch == s.epoch {
			s.disabledSince = old.disabledSince
		}
	}
	c.state.Store(s)
	return s, nil
}

// fence returns when no replica serves values any more, and none will before the
// next epoch. It is for a write that Redis was not told of; only the first one
// waits, for one lease.
func (c *Cache) fence(ctx context.Context) error {
	select {
	case c.fencing <- struct{}{}:
		defer func() { <-c.fencing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s, err := c.readState(ctx)
	if err != nil {
		return err
	}
	if !s.disabled {
		if err := c.opt.DB.Global().DisableCache(ctx); err != nil {
			return fmt.Errorf("disable the cache: %w", err)
		}
		c.counts.fences.Add(1)
		c.opt.Log.WarnContext(ctx, "a write could not reach Redis, so the cache is switched off everywhere until Redis answers")
		if s, err = c.readState(ctx); err != nil {
			return err
		}
		if !s.disabled { // somebody reopened it just now
			return errors.New("cache: it was enabled while a write was switching it off")
		}
	}
	return c.outwait(ctx, s.disabledSince)
}

// outwait returns when every lease has ended that was taken before since. The
// margin is for clocks that run at different speeds.
func (c *Cache) outwait(ctx context.Context, since time.Time) error {
	t := time.NewTimer(time.Until(since.Add(c.opt.Lease + c.opt.Lease/20)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reopen brings the cache back under a new epoch once Redis answers and no write
// depends on its being off.
func (c *Cache) reopen(ctx context.Context) error {
	s := c.state.Load()
	if s == nil || !s.disabled || c.circuit.open() || time.Since(s.disabledSince) < c.opt.Cooldown {
		return nil
	}
	if err := c.Ping(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	err := c.opt.DB.InTx(ctx, func(_ pgx.Tx, q *db.Queries) error {
		free, err := q.TryEnableCache(ctx)
		if err != nil || !free {
			return err
		}
		return q.EnableCache(ctx, uuid.New())
	})
	if err != nil {
		return fmt.Errorf("enable the cache: %w", err)
	}
	_, err = c.readState(ctx)
	return err
}

// errNewServer refuses a connection until the server is known under a new epoch.
var errNewServer = errors.New("cache: the server is not known yet")

// checkServer looks at each new connection whose it is. A server that restarted or
// was promoted may have come back with old tokens and the values that belong to
// them: it is used only in an epoch that began after it was first seen.
func (c *Cache) checkServer(ctx context.Context, conn *redis.Conn) error {
	server, err := identify(ctx, conn)
	if err != nil {
		return err
	}
	if s := c.state.Load(); s != nil && slices.Contains(s.servers, server) {
		return nil
	}
	err = c.opt.DB.Global().AdoptCacheServer(ctx, db.AdoptCacheServerParams{Epoch: uuid.New(), Server: server})
	if err != nil {
		return fmt.Errorf("make a server known: %w", err)
	}
	s, err := c.readState(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(s.servers, server) {
		return errNewServer
	}
	return nil
}

// identify returns what is new after each start and each promotion of a server. One
// that does not tell, as the in-process one does not, keeps nothing over a restart.
func identify(ctx context.Context, conn *redis.Conn) (string, error) {
	var id []string
	for _, section := range []string{"server", "replication"} {
		info, err := conn.Info(ctx, section).Result()
		if _, refused := errors.AsType[redis.Error](err); refused {
			return "unnamed", nil
		}
		if err != nil {
			return "", fmt.Errorf("ask the server who it is: %w", err)
		}
		for line := range strings.Lines(info) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name == "run_id" || name == "master_replid" {
				id = append(id, value)
			}
		}
	}
	return strings.Join(id, ":"), nil
}
