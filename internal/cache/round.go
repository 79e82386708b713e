package cache

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// roundLife is how long captured tokens may be used by later look-ups of the same
// request. A stream, which goes on reading, captures them anew.
const roundLife = 50 * time.Millisecond

// maxAhead bounds what is captured for look-ups that are only expected.
const maxAhead = 16

// round is what the look-ups of one request have captured together. Tokens that
// were captured earlier in the request serve as well as newer ones: who asks may
// be answered as of any moment since.
type round struct {
	kinds *kinds
	kind  string

	mu     sync.Mutex
	tenant uuid.UUID
	epoch  uuid.UUID
	at     time.Time // before the tokens were captured
	tokens map[string]string
}

// needs are the tags that requests of one kind have asked for.
type needs struct {
	mu   sync.Mutex
	tags []string
}

type roundKey struct{}

// Together returns a context in which look-ups share a round trip: from the kind of
// request the cache knows which tokens will be asked for, and captures them with
// the first. It is for requests that only read: who writes and reads again in one
// request has to see the write.
func (c *Cache) Together(ctx context.Context, kind string) context.Context {
	if c == nil {
		return ctx
	}
	return context.WithValue(ctx, roundKey{}, &round{kinds: &c.kinds, kind: kind})
}

// maxKinds bounds the kinds that are told apart: their names come from addresses.
const maxKinds = 200

// kinds are the kinds of requests that have looked something up.
type kinds struct {
	mu     sync.RWMutex
	byName map[string]*needs
}

func (k *kinds) needs(kind string) *needs {
	k.mu.RLock()
	n := k.byName[kind]
	k.mu.RUnlock()
	if n != nil {
		return n
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if n = k.byName[kind]; n != nil {
		return n
	}
	n = &needs{}
	if k.byName == nil {
		k.byName = map[string]*needs{}
	}
	if len(k.byName) < maxKinds {
		k.byName[kind] = n
	}
	return n
}

func roundOf(ctx context.Context) *round {
	r, _ := ctx.Value(roundKey{}).(*round)
	return r
}

// captured returns the tokens of the tags if the request has all of them.
func (r *round) captured(tenant, epoch uuid.UUID, tags []string) []string {
	if r == nil {
		return nil
	}
	r.kinds.needs(r.kind).add(tags)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tenant != tenant || r.epoch != epoch || time.Since(r.at) > roundLife {
		return nil
	}
	tokens := make([]string, len(tags))
	for i, tag := range tags {
		token, ok := r.tokens[tag]
		if !ok {
			return nil
		}
		tokens[i] = token
	}
	return tokens
}

// ahead returns the tags and behind them the others that the request will need.
func (r *round) ahead(tags []string) []string {
	if r == nil {
		return tags
	}
	all := slices.Clone(tags)
	n := r.kinds.needs(r.kind)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, tag := range n.tags {
		if !slices.Contains(tags, tag) {
			all = append(all, tag)
		}
	}
	return all
}

// keep notes what was captured, beginning at that time.
func (r *round) keep(tenant, epoch uuid.UUID, at time.Time, tags, tokens []string) {
	if r == nil || len(tokens) != len(tags) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tenant, r.epoch, r.at, r.tokens = tenant, epoch, at, make(map[string]string, len(tags))
	for i, tag := range tags {
		r.tokens[tag] = tokens[i]
	}
}

// add notes tags that the next request of the kind will ask for, too: not those of
// single records, which differ from one request to the next.
func (n *needs) add(tags []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, tag := range tags {
		if len(n.tags) < maxAhead && !slices.Contains(n.tags, tag) && !ofOne(tag) {
			n.tags = append(n.tags, tag)
		}
	}
}

func ofOne(tag string) bool {
	_, of, _ := strings.Cut(tag, ":")
	return uuid.Validate(of) == nil
}
