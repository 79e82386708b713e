// Package limit counts requests in Redis so that a rate holds exactly across all replicas: one Lua call for each key, with the
// clock of the Redis server. It does not know what a key stands for, nor whether to let people through when Redis is down.
package limit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// defaultTimeout suits the way of every request.
const defaultTimeout = 100 * time.Millisecond

// ErrUnavailable means Redis did not answer in time. The caller decides: reads go on, sign-in does not.
var ErrUnavailable = errors.New("the rate limit store does not answer")

// Rate allows Limit requests Per duration on average and Burst at once. Burst is Limit when 0.
type Rate struct {
	Limit int
	Per   time.Duration
	Burst int
}

// Check is one key and the rate it has to keep.
type Check struct {
	Key  string
	Rate Rate
}

// Decision says whether a request may go on.
type Decision struct {
	Allowed    bool
	Limit      int           // requests allowed at once: the rate's burst
	Remaining  int           // how many more would be allowed now
	RetryAfter time.Duration // how long until the next one is allowed; 0 when this one was
	ResetAfter time.Duration // how long until the whole burst is free again
}

// Limiter decides by the generic cell rate algorithm. It is safe for concurrent use.
type Limiter struct {
	redis   redis.UniversalClient
	timeout time.Duration
}

// New returns a Limiter that counts in client, which should be a server that never evicts, and waits 100 ms for it.
func New(client redis.UniversalClient) *Limiter {
	return &Limiter{redis: client, timeout: defaultTimeout}
}

// Patient returns a Limiter on the same counts that waits longer: for what must not go on without an answer.
func (l *Limiter) Patient(timeout time.Duration) *Limiter {
	return &Limiter{redis: l.redis, timeout: timeout}
}

// Allow counts one request against key if the rate permits it; a refused request costs nothing.
func (l *Limiter) Allow(ctx context.Context, key string, rate Rate) (Decision, error) {
	decisions, err := l.AllowAll(ctx, []Check{{Key: key, Rate: rate}})
	if err != nil {
		return Decision{}, err
	}
	return decisions[0], nil
}

// AllowAll asks for several keys in one round trip and returns the decisions in their order. Each key is counted by itself: one that
// allows is charged even when another one refuses.
func (l *Limiter) AllowAll(ctx context.Context, checks []Check) ([]Decision, error) {
	for _, check := range checks {
		if err := check.Rate.validate(); err != nil {
			return nil, fmt.Errorf("rate of %q: %w", check.Key, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	replies, err := l.count(ctx, checks)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	decisions := make([]Decision, len(checks))
	for i, check := range checks {
		if decisions[i], err = decide(check.Rate, replies[i]); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	return decisions, nil
}

// count sends the whole script each time: a server that has forgotten a script named by its hash would need a second round trip,
// and where only a part of a pipeline was refused that would have to be told apart to count nothing twice.
func (l *Limiter) count(ctx context.Context, checks []Check) ([]*redis.Cmd, error) {
	var replies []*redis.Cmd
	_, err := l.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		replies = Queue(ctx, p, checks)
		return nil
	})
	return replies, err
}

// Queue adds to a pipeline what AllowAll sends for valid checks, for whoever measures
// what that costs.
func Queue(ctx context.Context, p redis.Pipeliner, checks []Check) []*redis.Cmd {
	replies := make([]*redis.Cmd, len(checks))
	for i, check := range checks {
		interval := check.Rate.interval()
		replies[i] = p.Eval(ctx, gcra, []string{"limit:" + check.Key}, interval, interval*int64(check.Rate.burst()))
	}
	return replies
}

func (r Rate) validate() error {
	if r.Limit < 1 || r.Burst < 0 || r.interval() < 1 {
		return fmt.Errorf("%d per %s with a burst of %d is not a rate", r.Limit, r.Per, r.Burst)
	}
	return nil
}

// interval is the time one request uses up, in whole microseconds: without fractions no rounding adds up, and counts are exact.
func (r Rate) interval() int64 { return r.Per.Microseconds() / int64(r.Limit) }

func (r Rate) burst() int {
	if r.Burst == 0 {
		return r.Limit
	}
	return r.Burst
}

// Reset forgets what was counted against key, as after a sign-in that succeeded.
func (l *Limiter) Reset(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	if err := l.redis.Del(ctx, "limit:"+key).Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}
