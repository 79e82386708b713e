package limit_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"payaid/internal/limit"
	"payaid/internal/servertest"

	"github.com/alicebob/miniredis/v2"
)

func stores(t *testing.T) map[string]string {
	return map[string]string{"server": servertest.Redis(t), "miniredis": "redis://" + miniredis.RunT(t).Addr()}
}

func TestExactlyTheLimitAcrossReplicas(t *testing.T) {
	const limited, replicas, workers, each = 100, 2, 4, 40
	rate := limit.Rate{Limit: limited, Per: 24 * time.Hour}
	for name, url := range stores(t) {
		t.Run(name, func(t *testing.T) {
			var allowed, unanswered atomic.Int64 // on a busy machine an answer may miss its 100 ms
			var wg sync.WaitGroup
			for range replicas {
				limiter := limit.New(servertest.Client(t, url))
				for range workers {
					wg.Go(func() {
						for range each {
							d, err := limiter.Allow(t.Context(), "k", rate)
							if err != nil {
								unanswered.Add(1)
							} else if d.Allowed {
								allowed.Add(1)
							}
						}
					})
				}
			}
			wg.Wait()
			if got, lost := allowed.Load(), unanswered.Load(); got > limited || got+lost < limited {
				t.Errorf("%d requests were allowed and %d not answered, want exactly %d allowed", got, lost, limited)
			}
		})
	}
}

func TestDecision(t *testing.T) {
	rate := limit.Rate{Limit: 60, Per: time.Hour, Burst: 3} // one request takes up a minute
	for name, url := range stores(t) {
		t.Run(name, func(t *testing.T) {
			limiter := limit.New(servertest.Client(t, url))
			for remaining := 2; remaining >= 0; remaining-- {
				d, err := limiter.Allow(t.Context(), "k", rate)
				if err != nil {
					t.Fatal(err)
				}
				if !d.Allowed || d.Limit != 3 || d.Remaining != remaining || d.RetryAfter != 0 {
					t.Fatalf("with %d to remain: %+v", remaining, d)
				}
			}
			d, err := limiter.Allow(t.Context(), "k", rate)
			if err != nil {
				t.Fatal(err)
			}
			if d.Allowed || d.Remaining != 0 || !about(d.RetryAfter, time.Minute) || !about(d.ResetAfter, 3*time.Minute) {
				t.Errorf("the fourth of three: %+v", d)
			}
			if d, err = limiter.Allow(t.Context(), "other", rate); err != nil || !d.Allowed {
				t.Errorf("another key: %+v, %v", d, err)
			}
		})
	}
}

func about(got, want time.Duration) bool { return got <= want && got > want-20*time.Second }

func TestRequestsComeBackWithTime(t *testing.T) {
	limiter := limit.New(servertest.Client(t, servertest.Redis(t)))
	rate := limit.Rate{Limit: 5, Per: time.Second, Burst: 1}
	if d, err := limiter.Allow(t.Context(), "k", rate); err != nil || !d.Allowed {
		t.Fatalf("first: %+v, %v", d, err)
	}
	d, err := limiter.Allow(t.Context(), "k", rate)
	if err != nil || d.Allowed {
		t.Fatalf("second at once: %+v, %v", d, err)
	}
	time.Sleep(d.RetryAfter)
	if d, err = limiter.Allow(t.Context(), "k", rate); err != nil || !d.Allowed {
		t.Errorf("after RetryAfter: %+v, %v", d, err)
	}
}

func TestLowerRateIsReachedWithinOneBurst(t *testing.T) {
	limiter := limit.New(servertest.Client(t, servertest.Redis(t)))
	for range 100 {
		if _, err := limiter.Allow(t.Context(), "k", limit.Rate{Limit: 100, Per: 24 * time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	d, err := limiter.Allow(t.Context(), "k", limit.Rate{Limit: 10, Per: time.Minute})
	if err != nil || d.Allowed || d.ResetAfter > time.Minute {
		t.Errorf("after the rate changed: %+v, %v, want a reset within a minute", d, err)
	}
}

func TestAllowAll(t *testing.T) {
	wide, narrow := limit.Rate{Limit: 10, Per: time.Hour}, limit.Rate{Limit: 1, Per: time.Hour}
	checks := []limit.Check{{Key: "address", Rate: wide}, {Key: "account", Rate: narrow}}
	urls := stores(t)
	urls["cluster"] = servertest.RedisCluster(t)
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			limiter := limit.New(servertest.Client(t, url))
			for round, want := range [][2]bool{{true, true}, {true, false}} {
				d, err := limiter.AllowAll(t.Context(), checks)
				if err != nil {
					t.Fatal(err)
				}
				if d[0].Allowed != want[0] || d[1].Allowed != want[1] || d[0].Remaining != 9-round {
					t.Errorf("round %d: %+v, want allowed %v", round, d, want)
				}
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		d, err := limit.New(servertest.Client(t, servertest.Redis(t))).AllowAll(t.Context(), nil)
		if err != nil || len(d) != 0 {
			t.Errorf("got %v, %v", d, err)
		}
	})
}

func TestImpossibleRates(t *testing.T) {
	limiter := limit.New(servertest.Client(t, "unix:///nowhere"))
	for _, rate := range []limit.Rate{{}, {Limit: 1}, {Limit: -1, Per: time.Second}, {Limit: 1, Per: time.Second, Burst: -1}, {Limit: 2e6, Per: time.Second}} {
		if _, err := limiter.Allow(t.Context(), "k", rate); err == nil || errors.Is(err, limit.ErrUnavailable) {
			t.Errorf("%+v: got %v, want an error about the rate", rate, err)
		}
	}
}

func TestUnavailable(t *testing.T) {
	url := servertest.Redis(t)
	limiter := limit.New(servertest.Client(t, url))
	rate := limit.Rate{Limit: 5, Per: time.Second}
	for name, command := range map[string][]any{"silent": {"CLIENT", "PAUSE", 1500}, "gone": {"SHUTDOWN", "NOSAVE"}} {
		t.Run(name, func(t *testing.T) {
			servertest.Client(t, url).Do(t.Context(), command...) // a server that shuts down does not answer
			start := time.Now()
			_, err := limiter.Allow(t.Context(), "k", rate)
			if !errors.Is(err, limit.ErrUnavailable) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("it took %s to say so", took)
			}
		})
	}
}
