package cache

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/dbtest"
	"payaid/internal/servertest"
)

var tenant = uuid.MustParse("0f6c2a52-6f7e-4c8c-9f06-3a54b8a3f2c1")

// quick makes what lasts seconds in production last no longer than a test may.
func quick(d *db.DB, url string) Options {
	return Options{
		URL: url, DB: d, Log: slog.New(slog.DiscardHandler), ReadTimeout: time.Second, WriteTimeout: time.Second,
		Lease: 500 * time.Millisecond, Deadline: 200 * time.Millisecond, Relay: 50 * time.Millisecond, Cooldown: 100 * time.Millisecond, MaxValue: 1000,
	}
}

func started(t *testing.T, o Options) *Cache {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// source is a value in a database: it counts how often it is asked.
type source struct {
	c     *Cache
	item  Item
	value atomic.Int64
	loads atomic.Int64
}

func newSource(c *Cache, key string, tags ...string) *source {
	return &source{c: c, item: Item{Tenant: tenant, Key: key, Tags: tags, TTL: time.Minute}}
}

func (s *source) read(t *testing.T) int64 {
	t.Helper()
	v, err := Remember(t.Context(), s.c, s.item, JSON[int64]("1"), func(context.Context) (int64, error) {
		s.loads.Add(1)
		return s.value.Load(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// warm reads until the value is served from the cache.
func (s *source) warm(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		before := s.loads.Load()
		s.read(t)
		if s.loads.Load() == before {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s is not kept: %+v, %+v", s.item.Key, s.c.Stats(), s.c.Report(t.Context()))
		}
	}
}

// isOld fails unless the next read loads, which a write has to bring about.
func (s *source) isOld(t *testing.T, why string) {
	t.Helper()
	s.value.Add(1)
	if got := s.read(t); got != s.value.Load() {
		t.Errorf("%s: read %d, want %d", why, got, s.value.Load())
	}
}

func (s *source) isKept(t *testing.T, why string) {
	t.Helper()
	before := s.loads.Load()
	if s.read(t); s.loads.Load() != before {
		t.Errorf("%s: it was loaded again", why)
	}
}

func TestWhatATagMakesOld(t *testing.T) {
	d := dbtest.New(t)
	for name, url := range map[string]string{
		"server": servertest.Redis(t), "cluster": servertest.RedisCluster(t), "in process": inProcess(t),
	} {
		t.Run(name, func(t *testing.T) {
			c := started(t, quick(d.DB, url))
			list, other := newSource(c, "list", "contact:list", "company:list"), newSource(c, "other", "deal:list")
			elsewhere := newSource(c, "list", "contact:list")
			elsewhere.item.Tenant = uuid.New()
			all := []*source{list, other, elsewhere}
			for _, s := range all {
				s.warm(t)
			}
			ctx := t.Context()
			ok(t, c.InvalidateTags(ctx, tenant, "company:list"))
			list.isOld(t, "its tag was made old")
			other.isKept(t, "another tag")
			elsewhere.isKept(t, "the same tag of another tenant")
			list.warm(t)
			ok(t, c.ClearTenant(ctx, tenant))
			list.isOld(t, "the tenant was cleared")
			other.isOld(t, "the tenant was cleared")
			elsewhere.isKept(t, "another tenant was cleared")
			ok(t, c.Clear(ctx))
			for _, s := range all {
				s.isOld(t, "everything was cleared")
				s.warm(t)
			}
		})
	}
}

// inProcess is the server of the embedded default where none is installed. By
// itself it expires nothing.
func inProcess(t *testing.T) string {
	t.Helper()
	server := miniredis.RunT(t)
	go func() {
		const step = 10 * time.Millisecond
		for t.Context().Err() == nil {
			time.Sleep(step)
			server.FastForward(step)
		}
	}()
	return "redis://" + server.Addr()
}

func TestReadersBypassWhileAWriteIsUnderWay(t *testing.T) {
	d := dbtest.New(t)
	c := started(t, quick(d.DB, servertest.Redis(t)))
	s := newSource(c, "list", "contact:list")
	s.warm(t)
	first, second := uuid.New(), uuid.New()
	ok(t, c.mark(t.Context(), tenant, first, s.item.Tags))
	ok(t, c.mark(t.Context(), tenant, second, s.item.Tags))
	s.isOld(t, "two writes are marked")
	ok(t, c.End(t.Context(), tenant, first, s.item.Tags))
	s.isOld(t, "one of the two has ended")
	s.isOld(t, "nothing is kept meanwhile")
	ok(t, c.End(t.Context(), tenant, second, s.item.Tags))
	s.isOld(t, "both have ended")
	s.isKept(t, "after the writes")
	if got := c.Stats(); got.Bypasses < 3 {
		t.Errorf("%+v", got)
	}
	ok(t, c.mark(t.Context(), tenant, first, s.item.Tags))
	time.Sleep(c.opt.Deadline + 20*time.Millisecond)
	s.isOld(t, "a mark lapsed whose writer never came back")
	s.isKept(t, "after the mark lapsed")
}

// The reader took its time between the database and the cache, and a write was
// answered meanwhile.
func TestAValueOlderThanAWriteIsNeverServed(t *testing.T) {
	c := started(t, quick(dbtest.New(t).DB, servertest.Redis(t)))
	s := newSource(c, "list", "contact:list")
	s.warm(t)
	ok(t, c.InvalidateTags(t.Context(), tenant, s.item.Tags...))
	v, err := Remember(t.Context(), c, s.item, JSON[int64]("1"), func(context.Context) (int64, error) {
		old := s.value.Load()
		s.value.Add(1)
		return old, c.InvalidateTags(t.Context(), tenant, s.item.Tags...)
	})
	if err != nil || v != s.value.Load()-1 {
		t.Fatalf("%d, %v", v, err)
	}
	s.isOld(t, "it was stored after the write")
	if c.Stats().Stale == 0 {
		t.Error("the old value was not even found: the test proves nothing")
	}
}

func TestManyAskOneLoads(t *testing.T) {
	c := started(t, quick(dbtest.New(t).DB, servertest.Redis(t)))
	s := newSource(c, "list", "contact:list")
	s.warm(t)
	ok(t, c.InvalidateTags(t.Context(), tenant, s.item.Tags...))
	var all sync.WaitGroup
	var loads atomic.Int64
	for range 100 {
		all.Go(func() {
			v, err := Remember(t.Context(), c, s.item, JSON[int64]("1"), func(context.Context) (int64, error) {
				time.Sleep(300 * time.Millisecond)
				return 7 + loads.Add(1), nil
			})
			if v != 8 || err != nil {
				t.Errorf("%d, %v", v, err)
			}
		})
	}
	all.Wait()
	if loads.Load() != 1 {
		t.Errorf("%d loads", loads.Load())
	}
}

func TestAFailedLoadIsNotShared(t *testing.T) {
	c := started(t, quick(dbtest.New(t).DB, servertest.Redis(t)))
	s := newSource(c, "list", "contact:list")
	s.warm(t)
	ok(t, c.InvalidateTags(t.Context(), tenant, s.item.Tags...))
	leaving, leave := context.WithCancel(t.Context())
	loading := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_, err := Remember(leaving, c, s.item, JSON[int64]("1"), func(ctx context.Context) (int64, error) {
			close(loading)
			<-ctx.Done()
			return 0, ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("who left reads %v", err)
		}
	})
	<-loading
	all.Go(func() {
		if s.read(t) != s.value.Load() {
			t.Error("who waited reads nothing")
		}
	})
	time.Sleep(20 * time.Millisecond)
	leave()
	all.Wait()
	s.warm(t)
}

func TestWhatIsNotKept(t *testing.T) {
	c := started(t, quick(dbtest.New(t).DB, servertest.Redis(t)))
	newSource(c, "warm").warm(t)
	large := Item{Tenant: tenant, Key: "large", TTL: time.Minute}
	loads := 0
	read := func(it Item, version, value string) string {
		v, err := Remember(t.Context(), c, it, Rendered(version), func(context.Context) ([]byte, error) {
			loads++
			return []byte(value), nil
		})
		ok(t, err)
		return string(v)
	}
	for range 2 {
		read(large, "1", strings.Repeat("x", 1001))
	}
	if loads != 2 || c.Stats().TooLarge != 2 {
		t.Errorf("a value larger than the limit was loaded %d times: %+v", loads, c.Stats())
	}
	small := Item{Tenant: tenant, Key: "small", TTL: time.Minute}
	if read(small, "1", "a"); read(small, "1", "b") != "a" || read(small, "2", "c") != "c" {
		t.Error("a value of another version was served, or none")
	}
	loads = 0
	for range 2 {
		read(Item{Key: "nobody's", TTL: time.Minute}, "1", "x")
	}
	if loads != 2 {
		t.Error("a value of no tenant was kept")
	}
}

// Emptied, Redis has lost the marks of open writes: nothing is kept until they are
// over.
func TestAfterAFlushNothingIsKeptForOneDeadline(t *testing.T) {
	url := servertest.Redis(t)
	c := started(t, quick(dbtest.New(t).DB, url))
	s := newSource(c, "list", "contact:list")
	s.warm(t)
	ok(t, c.mark(t.Context(), tenant, uuid.New(), s.item.Tags))
	ok(t, servertest.Client(t, url).FlushAll(t.Context()).Err())
	flushed := time.Now()
	for time.Since(flushed) < c.opt.Deadline/2 {
		s.isOld(t, "a write may be open whose mark was lost")
	}
	s.warm(t)
	if time.Since(flushed) < c.opt.Deadline {
		t.Errorf("kept after %s", time.Since(flushed))
	}
}

// A write that cannot reach Redis waits until no replica serves values, once.
func TestAWriteWithoutRedisSwitchesTheCacheOff(t *testing.T) {
	d := dbtest.New(t)
	redis := servertest.NewControlledRedis(t)
	writer, reader := started(t, quick(d.DB, "unix:///nowhere/redis.sock")), started(t, quick(d.DB, redis.URL))
	s := newSource(reader, "list", "contact:list")
	s.warm(t)
	write := func() time.Duration {
		began := time.Now()
		ok(t, d.InTx(t.Context(), func(tx pgx.Tx, _ *db.Queries) error {
			if err := writer.Mark(t.Context(), tx, tenant, uuid.New(), s.item.Tags); err != nil {
				return err
			}
			s.isOld(t, "a write is about to be committed")
			time.Sleep(2 * writer.opt.Cooldown)
			s.isOld(t, "nobody brings the cache back before the write is over")
			return nil
		}))
		return time.Since(began) - 2*writer.opt.Cooldown
	}
	if took := write(); took < writer.opt.Lease {
		t.Errorf("the first write went on after %s: another replica could still serve old values", took)
	}
	if got := reader.Report(t.Context()); got.Serving || !got.Reachable {
		t.Errorf("%+v", got)
	}
	s.warm(t)
	if reader.state.Load().disabled || writer.Stats().Fences != 1 {
		t.Errorf("%+v, %+v", reader.Report(t.Context()), writer.Stats())
	}
	err := writer.End(t.Context(), tenant, uuid.New(), s.item.Tags)
	if err == nil || writer.Stats().Fences != 2 {
		t.Errorf("an end that Redis was not told of: %v, %+v", err, writer.Stats())
	}
	s.isOld(t, "a write was committed that Redis was not told of")
}

func TestTheRelayEndsWhatWritersLeft(t *testing.T) {
	d := dbtest.New(t)
	c := started(t, quick(d.DB, servertest.Redis(t)))
	s := newSource(c, "list", "contact:list")
	s.warm(t)
	s.value.Add(1)
	ok(t, d.Global().InsertCacheOutbox(t.Context(), db.InsertCacheOutboxParams{ID: uuid.New(), TenantID: tenant, Tags: s.item.Tags, Now: time.Now()}))
	for end := time.Now().Add(5 * time.Second); s.read(t) != s.value.Load(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody ended the tags")
		}
	}
	for end := time.Now().Add(5 * time.Second); c.Stats().Relayed != 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", c.Stats())
		}
	}
	if rows, err := d.Global().ListCacheOutbox(t.Context(), 10); err != nil || len(rows) != 0 {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestWithoutRedisReadersDoNotWait(t *testing.T) {
	redis := servertest.NewControlledRedis(t)
	o := quick(dbtest.New(t).DB, redis.URL)
	o.ReadTimeout = 100 * time.Millisecond
	c := started(t, o)
	s := newSource(c, "list", "contact:list")
	s.warm(t)
	redis.Freeze()
	defer redis.Thaw()
	began := time.Now()
	for range 200 {
		s.isOld(t, "Redis is frozen, so a hit is impossible")
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("200 reads took %s", took)
	}
	if got := c.Report(t.Context()); got.Reachable || got.Serving {
		t.Errorf("%+v", got)
	}
	redis.Thaw()
	s.warm(t)
}

func TestReplicasAddUpTheirCounts(t *testing.T) {
	d, url := dbtest.New(t), servertest.Redis(t)
	a, b := started(t, quick(d.DB, url)), started(t, quick(d.DB, url))
	newSource(a, "list").warm(t)
	newSource(b, "list").warm(t)
	ok(t, a.publish(t.Context()))
	got := b.Report(t.Context())
	if got.Replicas != 2 || got.All.Hits != a.Stats().Hits+b.Stats().Hits || got.Own.Hits == got.All.Hits || got.Keys == 0 || !got.Serving || !got.Reachable {
		t.Errorf("%+v", got)
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
