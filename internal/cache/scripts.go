package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// tokenLife is how long a token stays that nobody renews; then its values are
// missed once. bornLife is how long a tenant's keys are known to be whole.
const (
	tokenLife = 24 * time.Hour
	bornLife  = 7 * 24 * time.Hour
)

// All times are the Redis server's: no clock of a replica matters.
var (
	// mark. KEYS: born, then token and writes of each tag. ARGV: writer, deadline in ms.
	markScript = redis.NewScript(`
local t = redis.call('TIME')
local now, life = t[1] * 1000 + math.floor(t[2] / 1000), tonumber(ARGV[2])
for i = 2, #KEYS, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i + 1], '-inf', now)
  redis.call('ZADD', KEYS[i + 1], now + life, ARGV[1])
  redis.call('PEXPIRE', KEYS[i + 1], life)
  redis.call('SET', KEYS[i], '!' .. ARGV[1], 'PX', life)
end
return 1`)

	// settle gives tags new tokens: all of them after the write ARGV[1] has ended, or with ARGV[1] = '' those that are missing. A tag
	// stays busy while another write is under way, and while marks may have been lost: until one deadline after the tenant's keys were
	// first seen, because whatever emptied Redis took the marks of open writes with it.
	// KEYS as above. ARGV: writer, new token, life of a token, deadline and life of born in ms. Returns the tokens.
	settleScript = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local born = redis.call('GET', KEYS[1])
if not born then
  born = now
  redis.call('SET', KEYS[1], born, 'PX', ARGV[5])
end
local young = tonumber(born) + tonumber(ARGV[4]) - now
local tokens = {}
for i = 2, #KEYS, 2 do
  local token = ARGV[1] == '' and redis.call('GET', KEYS[i])
  if not token then
    if ARGV[1] ~= '' then redis.call('ZREM', KEYS[i + 1], ARGV[1]) end
    redis.call('ZREMRANGEBYSCORE', KEYS[i + 1], '-inf', now)
    local last = redis.call('ZREVRANGE', KEYS[i + 1], 0, 0, 'WITHSCORES')
    local left = young
    if last[2] then left = math.max(left, tonumber(last[2]) - now) end
    if left > 0 then
      token = '!' .. ARGV[2]
      redis.call('SET', KEYS[i], token, 'PX', left)
    else
      token = ARGV[2] .. i
      redis.call('SET', KEYS[i], token, 'PX', ARGV[3])
    end
  end
  tokens[#tokens + 1] = token
end
return tokens`)
)

// mark announces a write: readers of the tags bypass the cache until it has ended
// or its deadline is over.
func (c *Cache) mark(ctx context.Context, tenant, writer uuid.UUID, tags []string) error {
	return c.ask(ctx, c.opt.WriteTimeout, func(ctx context.Context) error {
		return markScript.Run(ctx, c.redis, intentKeys(tenant, tags), writer.String(), c.opt.Deadline.Milliseconds()).Err()
	})
}

// settle voids what is kept under the tags, which the write of that id has
// committed.
func (c *Cache) settle(ctx context.Context, tenant, writer uuid.UUID, tags []string) error {
	return c.ask(ctx, c.opt.WriteTimeout, func(ctx context.Context) error {
		_, err := c.runSettle(ctx, tenant, writer.String(), tags)
		return err
	})
}

func (c *Cache) runSettle(ctx context.Context, tenant uuid.UUID, writer string, tags []string) ([]string, error) {
	return settleScript.Run(ctx, c.redis, intentKeys(tenant, tags), writer, newToken(),
		tokenLife.Milliseconds(), c.opt.Deadline.Milliseconds(), bornLife.Milliseconds()).StringSlice()
}

// capture reads the tokens of the tags and the value in one round trip: fewer when
// the request has captured them already, and the value only when the one near by
// does not belong to the tokens.
func (c *Cache) capture(ctx context.Context, tenant, epoch uuid.UUID, tags []string, key string, near *nearbyValue) (tokens []string, sealed string, err error) {
	r := roundOf(ctx)
	tokens = r.captured(tenant, epoch, tags)
	switch {
	case tokens != nil:
	case near == nil:
		began, all := time.Now(), r.ahead(tags)
		if tokens, sealed, err = c.captureKeys(ctx, tenant, all, append(tokenKeys(tenant, all), key)); err != nil {
			return nil, "", err
		}
		r.keep(tenant, epoch, began, all, tokens)
		return tokens[:len(tags)], sealed, nil
	default:
		all := r.ahead(tags)
		group, err := c.captures.share(ctx, strings.Join(tokenKeys(tenant, all), " "), func(ctx context.Context) ([]string, error) {
			tokens, _, err := c.captureKeys(ctx, tenant, all, tokenKeys(tenant, all))
			return tokens, err
		})
		if err != nil {
			return nil, "", err
		}
		r.keep(tenant, epoch, group.began, all, group.tokens)
		tokens = group.tokens[:len(tags)]
	}
	if near.belongsTo(tokens) {
		return tokens, "", nil
	}
	err = c.ask(ctx, c.opt.ReadTimeout, func(ctx context.Context) error {
		if sealed, err = c.redis.Get(ctx, key).Result(); errors.Is(err, redis.Nil) {
			return nil
		}
		return err
	})
	return tokens, sealed, err
}

// captureKeys reads the tokens of the tags and, when its key is behind theirs, a
// value. Tokens that are missing are made in a second round trip, and there is no
// value then.
func (c *Cache) captureKeys(ctx context.Context, tenant uuid.UUID, tags, keys []string) (tokens []string, sealed string, err error) {
	err = c.ask(ctx, c.opt.ReadTimeout, func(ctx context.Context) error {
		replies, err := c.redis.MGet(ctx, keys...).Result()
		if err != nil {
			return err
		}
		if len(replies) != len(keys) {
			return fmt.Errorf("%d replies for %d keys", len(replies), len(keys))
		}
		tokens = make([]string, len(tags))
		for i := range tags {
			token, ok := replies[i].(string)
			if !ok {
				tokens, err = c.runSettle(ctx, tenant, "", tags)
				return err
			}
			tokens[i] = token
		}
		if len(keys) > len(tags) {
			sealed, _ = replies[len(tags)].(string)
		}
		return nil
	})
	return tokens, sealed, err
}

// store keeps a sealed value. It needs no comparison: a value that carries old
// tokens is never served.
func (c *Cache) store(ctx context.Context, key string, sealed []byte, ttl time.Duration) error {
	return c.ask(ctx, c.opt.ReadTimeout, func(ctx context.Context) error {
		return c.redis.Set(ctx, key, sealed, ttl).Err()
	})
}
