package handlers_test

import (
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"payaid/handlers"
	"payaid/internal/cache"
	"payaid/internal/crm"
	"payaid/internal/servertest"
)

// TestACacheThatIsAwaySlowsNoPageForLong takes the Redis of the cache alone away:
// that of sessions goes on.
func TestACacheThatIsAwaySlowsNoPageForLong(t *testing.T) {
	redis := servertest.NewControlledRedis(t)
	w := newWorld(t, func(t testing.TB, w *world, d *handlers.Deps) {
		c, err := cache.New(cache.Options{URL: redis.URL, DB: w.db.DB, Log: slog.New(slog.DiscardHandler), Deadline: 10 * time.Millisecond})
		ok(t, err)
		c.Start(t.Context())
		t.Cleanup(func() { _ = c.Close() })
		d.CRM.UseCache(c)
		d.Auth.UseCache(c)
		d.Cache, d.RequestRate = c, 60_000
	})
	w.contact(t, w.owner, crm.ContactInput{FirstName: "Asha"})
	person, key := w.as(t, w.owner), w.program(w.ownerKey)
	read := func(t *testing.T) {
		t.Helper()
		var times []time.Duration
		for range 100 {
			for _, get := range []func() answer{
				func() answer { return key.get(t, "/api/v1/contacts") },
				func() answer { return person.get(t, "/contacts") },
			} {
				began := time.Now()
				get().is(t, http.StatusOK)
				times = append(times, time.Since(began))
			}
		}
		slices.Sort(times)
		if p99 := times[len(times)*99/100]; p99 > time.Second {
			t.Errorf("p99 is %s", p99)
		}
		if last := times[len(times)-1]; last > 3*time.Second {
			t.Errorf("somebody waited %s", last)
		}
	}
	t.Run("there", read)
	redis.Freeze()
	t.Run("frozen", read)
	redis.Thaw()
	redis.Kill()
	t.Run("dead", read)
	redis.Start()
	t.Run("back", read)
}
