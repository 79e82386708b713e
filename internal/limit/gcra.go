package limit

import (
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// gcra keeps for each key the time at which its burst will be whole again, in microseconds, and moves it on by one interval for
// each allowed request; a request is refused when that would put it further away than the burst reaches. A time further away than
// possible means that the clock or the rate changed; it is drawn in, so that nobody waits longer than one burst.
//
// KEYS: the key. ARGV: interval, burst × interval. Answer: allowed, wait, reset, all times in microseconds.
const gcra = `
local interval, reach = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
full = math.min(math.max(full, now), now + reach)
local after = full + interval
local wait = after - reach - now
if wait > 0 then return {0, wait, full - now} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return {1, 0, after - now}`

func decide(rate Rate, reply *redis.Cmd) (Decision, error) {
	n, err := reply.Int64Slice()
	if err != nil {
		return Decision{}, err
	}
	if len(n) != 3 {
		return Decision{}, fmt.Errorf("the script answered %d numbers, want 3", len(n))
	}
	reset := time.Duration(n[2]) * time.Microsecond
	free := rate.interval()*int64(rate.burst()) - n[2]
	return Decision{
		Allowed:    n[0] == 1,
		Limit:      rate.burst(),
		Remaining:  int(free / rate.interval()),
		RetryAfter: time.Duration(n[1]) * time.Microsecond,
		ResetAfter: reset,
	}, nil
}
