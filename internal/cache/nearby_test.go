package cache

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/dbtest"
	"payaid/internal/servertest"
)

func TestNearbyIsBoundedAndForgetsTheLeastUsed(t *testing.T) {
	n := &nearby{max: 10_000}
	for i := range 100 {
		n.put(fmt.Sprint(i), []string{"a"}, make([]byte, 800), 800, time.Hour)
		n.get("0")
	}
	if n.used > n.max || n.order.Len() != len(n.byName) || n.get("0") == nil || n.get("1") != nil || n.get("99") == nil {
		t.Errorf("%d bytes in %d values of %d", n.used, n.order.Len(), len(n.byName))
	}
	n.put("large", nil, make([]byte, 2000), 2000, time.Hour)
	n.put("over", nil, make([]byte, 10), 10, -time.Second)
	if n.get("large") != nil || n.get("over") != nil {
		t.Error("a value is kept that is too large, or over")
	}
}

// TestAValueNearbyIsAskedForByItsTokens empties the values out of Redis: only those
// of the process are left, and still a write makes them old.
func TestAValueNearbyIsAskedForByItsTokens(t *testing.T) {
	c := started(t, quick(dbtest.New(t).DB, servertest.Redis(t)))
	s := newSource(c, "list", "contact:list")
	s.warm(t)
	ctx := t.Context()
	key := valueKey(tenant, c.lease().epoch, "list")
	if n, err := c.redis.Del(ctx, key).Result(); n != 1 || err != nil {
		t.Fatalf("%d deleted, %v", n, err)
	}
	s.isKept(t, "its value is in the process")
	ok(t, c.InvalidateTags(ctx, tenant, "contact:list"))
	s.isOld(t, "its tag was made old")
}

func TestLookUpsOfARequestShareTheirTokens(t *testing.T) {
	c := started(t, quick(dbtest.New(t).DB, servertest.Redis(t)))
	who, list := newSource(c, "who", "api_key:list", "person:"+uuid.NewString()), newSource(c, "list", "contact:list")
	request := func() (asked int) {
		ctx := c.Together(t.Context(), "GET /list")
		before := counted(t, c)
		for _, s := range []*source{who, list} {
			if _, err := Remember(ctx, c, s.item, JSON[int64]("1"), func(context.Context) (int64, error) { return 0, nil }); err != nil {
				t.Fatal(err)
			}
		}
		return counted(t, c) - before
	}
	who.warm(t)
	list.warm(t)
	if n := request(); n != 2 {
		t.Errorf("the first request of its kind asked %d times, want 2", n)
	}
	if n := request(); n != 1 {
		t.Errorf("the next one asked %d times, want 1", n)
	}
	if n := c.kinds.needs("GET /list"); len(n.tags) != 3 {
		t.Errorf("tags of single records are expected again: %v", n.tags)
	}
	ok(t, c.InvalidateTags(t.Context(), tenant, "contact:list"))
	list.isOld(t, "its tag was made old")
}

// counted is how many MGETs the server has answered.
func counted(t *testing.T, c *Cache) int {
	t.Helper()
	info, err := c.redis.InfoMap(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	_, _ = fmt.Sscanf(info["Commandstats"]["cmdstat_mget"], "calls=%d", &n)
	return n
}
