package cache

import (
	"context"
	"sync"
)

// flights are the loads under way in this process.
type flights struct {
	mu     sync.Mutex
	byName map[string]*flight
}

type flight struct {
	done  chan struct{}
	value any
	ok    bool // false: whoever loaded failed or left
}

// share runs load once for all who ask under the same name at the same time, and
// keep after it succeeded. Who waited for somebody that failed loads by itself: the
// failure may have been that one's own, such as a client that went away.
func share[T any](ctx context.Context, all *flights, name string, load func(context.Context) (T, error), keep func(T)) (T, error) {
	f, mine := all.join(name)
	if mine {
		defer all.land(name, f)
		v, err := load(ctx)
		if err == nil {
			f.value, f.ok = v, true
			keep(v)
		}
		return v, err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
	if v, ok := f.value.(T); ok && f.ok {
		return v, nil
	}
	return load(ctx)
}

func (a *flights) join(name string) (f *flight, mine bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f = a.byName[name]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	if a.byName == nil {
		a.byName = map[string]*flight{}
	}
	a.byName[name] = f
	return f, true
}

// land wakes who waited, also when the load panicked.
func (a *flights) land(name string, f *flight) {
	a.mu.Lock()
	delete(a.byName, name)
	a.mu.Unlock()
	close(f.done)
}
