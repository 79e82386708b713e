package cache

import (
	"container/list"
	"strings"
	"sync"
	"time"
)

// nearbyLife is how long a value stays in the process at most, for those that
// nobody asks for again.
const nearbyLife = time.Minute

// nearby are values kept in this process, so that they need not be moved and
// decoded for each hit. It is the tokens in Redis that say whether they are still
// current, as for every other value. The least recently used go first.
type nearby struct {
	max    int // bytes, counted as encoded
	mu     sync.Mutex
	used   int
	byName map[string]*list.Element
	order  list.List // of *nearbyValue, the last used in front
}

type nearbyValue struct {
	name   string
	tokens string
	value  any
	size   int
	until  time.Time
}

// get returns the value of that name and the tokens it belongs to; nil for none.
func (n *nearby) get(name string) *nearbyValue {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.byName[name]
	if e == nil {
		return nil
	}
	v := e.Value.(*nearbyValue)
	if time.Now().After(v.until) {
		n.drop(e)
		return nil
	}
	n.order.MoveToFront(e)
	return v
}

// put keeps a value whose encoded form has that many bytes.
func (n *nearby) put(name string, tokens []string, value any, size int, ttl time.Duration) {
	if _, raw := value.([]byte); !raw {
		size *= 3 // what is decoded takes about that much more
	}
	size += len(name) + 200 // and what keeping it takes
	if size > n.max/8 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if e := n.byName[name]; e != nil {
		n.drop(e)
	}
	if n.byName == nil {
		n.byName = map[string]*list.Element{}
	}
	v := &nearbyValue{name: name, tokens: strings.Join(tokens, " "), value: value, size: size, until: time.Now().Add(min(ttl, nearbyLife))}
	n.byName[name] = n.order.PushFront(v)
	for n.used += size; n.used > n.max; {
		n.drop(n.order.Back())
	}
}

func (n *nearby) drop(e *list.Element) {
	v := n.order.Remove(e).(*nearbyValue)
	delete(n.byName, v.name)
	n.used -= v.size
}

// belongsTo reports whether the value was read under just these tokens.
func (v *nearbyValue) belongsTo(tokens []string) bool {
	return v != nil && v.tokens == strings.Join(tokens, " ")
}
