package cache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoAsksAtTheSameTimeAsksOnceButNeverTooEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all captures
		var asked atomic.Int64
		ask := func(context.Context) ([]string, error) {
			asked.Add(1)
			time.Sleep(time.Second)
			return []string{time.Now().String()}, nil
		}
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 10 * time.Millisecond) // all of them while the first is asking
				came := time.Now()
				got, err := all.share(t.Context(), "a", ask)
				if err != nil || got.began.Before(came) || len(got.tokens) != 1 {
					t.Errorf("came %s, answered as of %s: %v", came, got.began, err)
				}
			})
		}
		wg.Wait()
		if n := asked.Load(); n != 2 || len(all.byName) != 0 {
			t.Errorf("asked %d times, want 2; %d left", n, len(all.byName))
		}
	})
}

func TestWhoLeavesDoesNotSpoilItForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all captures
		ask := func(ctx context.Context) ([]string, error) {
			time.Sleep(time.Second)
			return []string{"a"}, ctx.Err()
		}
		gone, leave := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer leave()
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = all.share(gone, "a", ask) })
		wg.Go(func() {
			time.Sleep(10 * time.Millisecond)
			if _, err := all.share(gone, "a", ask); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("who left got %v", err)
			}
		})
		wg.Go(func() {
			time.Sleep(20 * time.Millisecond)
			if got, err := all.share(t.Context(), "a", ask); err != nil || len(got.tokens) != 1 {
				t.Errorf("who stayed got %v", err)
			}
		})
		wg.Wait()
	})
}
