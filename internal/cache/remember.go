package cache

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Item names a value.
type Item struct {
	Tenant uuid.UUID
	// Key holds all that the value depends on besides what is stored: what it is, the
	// part of the records that the reader may see, the filter in one canonical form.
	Key  string
	Tags []string      // what makes the value old; besides, every value has its tenant's
	TTL  time.Duration // how long it is kept at most; up to a tenth less, so that values do not end together
}

// Codec turns values into bytes. Encoding names the form and its version, without
// spaces: what was written in another one is a miss.
type Codec[T any] struct {
	Encoding string
	Encode   func(T) ([]byte, error)
	Decode   func([]byte) (T, error)
}

// JSON keeps values of T as JSON. Change version with the meaning of T's fields.
func JSON[T any](version string) Codec[T] {
	return Codec[T]{
		Encoding: "json/" + version,
		Encode:   func(v T) ([]byte, error) { return json.Marshal(v) },
		Decode: func(b []byte) (v T, err error) {
			err = json.Unmarshal(b, &v)
			return v, err
		},
	}
}

// Rendered keeps bytes as they are, such as an answer that is ready to be sent.
func Rendered(version string) Codec[[]byte] {
	same := func(b []byte) ([]byte, error) { return b, nil }
	return Codec[[]byte]{Encoding: "bytes/" + version, Encode: same, Decode: same}
}

// Remember returns the value of the item, kept or else from load, which is called
// in the calling goroutine or in that of somebody who asks for the same at the same
// time. The rights of who asks are checked before. What load reads must be
// committed data of the primary database, read after load was called. Errors of
// load are returned and not kept. Others may hold the same value: nobody may
// change it.
func Remember[T any](ctx context.Context, c *Cache, it Item, codec Codec[T], load func(context.Context) (T, error)) (T, error) {
	if c == nil || it.Tenant == uuid.Nil {
		return load(ctx)
	}
	look, kept := c.look(ctx, it, codec.Encoding)
	if v, ok := kept.decoded.(T); ok {
		c.counts.hits.Add(1)
		return v, nil
	}
	if kept.encoded != nil {
		v, err := codec.Decode(kept.encoded)
		if err == nil {
			c.counts.hits.Add(1)
			c.nearby.put(look.name(codec.Encoding), look.tokens, v, len(kept.encoded), it.TTL)
			return v, nil
		}
		c.opt.Log.WarnContext(ctx, "a kept value cannot be read", "encoding", codec.Encoding, "err", err)
	}
	if !look.keep {
		c.counts.bypasses.Add(1)
		return load(ctx)
	}
	c.counts.misses.Add(1)
	return share(ctx, &c.flights, look.flight(codec.Encoding), load, func(v T) {
		size := c.keep(ctx, it, look, codec.Encoding, func() ([]byte, error) { return codec.Encode(v) })
		if size > 0 {
			c.nearby.put(look.name(codec.Encoding), look.tokens, v, size, it.TTL)
		}
	})
}

// look is what was found before anything was loaded. It is the tokens captured
// here, and not those at the time of storing, that say how old the loaded value is.
type look struct {
	key    string
	tokens []string
	keep   bool // else the cache is bypassed
}

// name tells values apart within the process.
func (l look) name(encoding string) string { return l.key + " " + encoding }

// flight names a load that others may share: only those who captured the same
// tokens, because a write may have been answered in between.
func (l look) flight(encoding string) string {
	return l.name(encoding) + " " + strings.Join(l.tokens, " ")
}

// kept is a value that is current: as it lies in the process, or as it was encoded.
type kept struct {
	decoded any
	encoded []byte
}

// look captures the tokens and returns the kept value if they are still its own.
func (c *Cache) look(ctx context.Context, it Item, encoding string) (l look, _ kept) {
	lease := c.lease()
	if lease == nil {
		return l, kept{}
	}
	settled := c.settled(lease)
	tags := tagsOf(it.Tags)
	l.key = valueKey(it.Tenant, lease.epoch, it.Key)
	near := c.nearby.get(l.name(encoding))
	tokens, sealed, err := c.capture(ctx, it.Tenant, lease.epoch, tags, l.key, near)
	if err != nil || !c.stillHolds(lease) {
		return l, kept{}
	}
	for _, token := range tokens {
		if strings.HasPrefix(token, busy) {
			return l, kept{}
		}
	}
	l.tokens, l.keep = tokens, settled
	if near.belongsTo(tokens) {
		return l, kept{decoded: near.value}
	}
	if sealed == "" {
		return l, kept{}
	}
	value, ok := unseal(sealed, encoding, tokens)
	if !ok {
		c.counts.stale.Add(1)
		return l, kept{}
	}
	return l, kept{encoded: value}
}

// keep stores a loaded value and returns its encoded size; 0 when it is not kept.
func (c *Cache) keep(ctx context.Context, it Item, l look, encoding string, encode func() ([]byte, error)) (size int) {
	value, err := encode()
	if err != nil {
		c.opt.Log.ErrorContext(ctx, "a value cannot be kept", "encoding", encoding, "err", fmt.Errorf("encode: %w", err))
		return 0
	}
	if len(value) > c.opt.MaxValue {
		c.counts.tooLarge.Add(1)
		return 0
	}
	if c.store(ctx, l.key, seal(l.tokens, encoding, value), jitter(it.TTL)) != nil {
		return 0
	}
	c.counts.stores.Add(1)
	return len(value)
}

func jitter(ttl time.Duration) time.Duration {
	return ttl - time.Duration(rand.Int64N(int64(ttl/10)+1))
}
