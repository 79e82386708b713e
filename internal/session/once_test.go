package session_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"payaid/internal/session"

	"github.com/redis/go-redis/v9"
)

func TestAKeptValueIsTakenOnce(t *testing.T) {
	onEveryServer(t, func(t *testing.T, client redis.UniversalClient) {
		store := patient(client)
		if err := store.KeepOnce(t.Context(), "key", []byte("value"), time.Minute); err != nil {
			t.Fatal(err)
		}
		if _, err := store.TakeOnce(t.Context(), "another"); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("another key: %v", err)
		}
		var taken atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				switch value, err := store.TakeOnce(t.Context(), "key"); {
				case err == nil && string(value) == "value":
					taken.Add(1)
				case !errors.Is(err, session.ErrNotFound):
					t.Errorf("got %q, %v", value, err)
				}
			})
		}
		wg.Wait()
		if taken.Load() != 1 {
			t.Errorf("taken %d times", taken.Load())
		}
	})
}

func TestAKeptValueRunsOut(t *testing.T) {
	c := newClocked(t)
	if err := c.KeepOnce(t.Context(), "the key", []byte("value"), 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	for _, key := range c.server.Keys() {
		if strings.Contains(key, "the key") {
			t.Errorf("Redis holds the key itself: %s", key)
		}
	}
	c.pass(10*time.Minute + time.Second)
	if _, err := c.TakeOnce(t.Context(), "the key"); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("after its time: %v", err)
	}
}
