package change_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/change"
)

type answer struct {
	Run   int
	Notes []string
	At    time.Time
	None  *uuid.UUID
}

// counter is a use case that answers how often it ran.
type counter struct{ runs int }

func (c *counter) do(w *world, a change.Actor, action string, input any) (answer, error) {
	return change.Do(context.Background(), w.Writer, a, action, input, func(_ context.Context, tx *change.Tx) (answer, error) {
		c.runs++
		return answer{Run: c.runs, Notes: []string{"é", `"`}, At: tx.Now}, nil
	})
}

func TestTheSameRequestIsAnsweredOnce(t *testing.T) {
	w := newWorld(t)
	c := &counter{}
	in := map[string]string{"name": "Asha"}
	first, err := c.do(w, w.actor("k"), "x.create", in)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(change.KeyLife - time.Second)
	again, err := c.do(w, w.actor("k"), "x.create", in)
	if err != nil || c.runs != 1 || again.Run != 1 || !again.At.Equal(first.At) || again.Notes[1] != `"` || again.None != nil {
		t.Errorf("ran %d times: %+v, then %+v (%v)", c.runs, first, again, err)
	}
	w.now = w.now.Add(2 * time.Second)
	if late, err := c.do(w, w.actor("k"), "x.create", map[string]string{"name": "Ravi"}); err != nil || late.Run != 2 {
		t.Errorf("after a day the key is free again: %+v, %v", late, err)
	}
	if late, err := c.do(w, w.actor("k"), "x.create", map[string]string{"name": "Ravi"}); err != nil || late.Run != 2 {
		t.Errorf("and keeps the second answer: %+v, %v", late, err)
	}
	if n := w.count(t, "idempotency_keys"); n != 1 {
		t.Errorf("%d keys", n)
	}
}

func TestWhatAKeyIsBoundTo(t *testing.T) {
	w := newWorld(t)
	person, other := w.actor("k"), w.actor("k")
	person.ID, other.ID = uuid.New(), uuid.New()
	elsewhere := person
	elsewhere.TenantID = uuid.New()
	w.addTenant(t, elsewhere.TenantID)
	c := &counter{}
	if _, err := c.do(w, person, "x.create", "in"); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		a      change.Actor
		action string
		input  any
	}{
		"another input":  {person, "x.create", "other"},
		"another action": {person, "x.delete", "in"},
	} {
		_, err := c.do(w, try.a, try.action, try.input)
		if e := apperr.From(err); e.Code != apperr.Validation || e.Field("Idempotency-Key") == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, a := range map[string]change.Actor{"another person": other, "another tenant": elsewhere, "the system": w.actor("k"), "no key": w.actor("")} {
		before := c.runs
		if _, err := c.do(w, a, "x.create", "in"); err != nil || c.runs != before+1 {
			t.Errorf("%s: ran %d times more, %v", name, c.runs-before, err)
		}
	}
}

func TestTwoAtOnceRunOnce(t *testing.T) {
	w := newWorld(t)
	var runs atomic.Int64
	var wg sync.WaitGroup
	answers := make([]int64, 4)
	for i := range answers {
		wg.Go(func() {
			var err error
			answers[i], err = change.Do(context.Background(), w.Writer, w.actor("k"), "x", "in", func(context.Context, *change.Tx) (int64, error) {
				time.Sleep(50 * time.Millisecond) // lets the others arrive while the first is at work
				return runs.Add(1), nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if runs.Load() != 1 {
		t.Errorf("ran %d times", runs.Load())
	}
	for _, a := range answers {
		if a != 1 {
			t.Errorf("answers %v", answers)
		}
	}
}

func TestAFailedTryLeavesTheKeyFree(t *testing.T) {
	w := newWorld(t)
	_, err := change.Do(context.Background(), w.Writer, w.actor("k"), "x", "in", func(context.Context, *change.Tx) (answer, error) {
		return answer{}, errBoom
	})
	if err == nil {
		t.Fatal("it should fail")
	}
	c := &counter{}
	if _, err := c.do(w, w.actor("k"), "y", "other"); err != nil || c.runs != 1 {
		t.Errorf("the next try ran %d times, %v", c.runs, err)
	}
}

func TestKeysThatCannotBeKept(t *testing.T) {
	w := newWorld(t)
	c := &counter{}
	for _, key := range []string{strings.Repeat("k", 256), "a\x00b", "a\xffb", "ключ", "a\nb"} {
		_, err := c.do(w, w.actor(key), "x", "in")
		if e := apperr.From(err); e.Code != apperr.Validation || e.Field("Idempotency-Key") == "" {
			t.Errorf("%q: %v", key, err)
		}
	}
	if _, err := c.do(w, w.actor(strings.Repeat("k", 255)), "x", "in"); err != nil || c.runs != 1 {
		t.Errorf("the longest key: %d runs, %v", c.runs, err)
	}
}

func TestThePurgeSparesTheLiving(t *testing.T) {
	w := newWorld(t)
	other := w.actor("old")
	other.TenantID = uuid.New()
	w.addTenant(t, other.TenantID)
	c := &counter{}
	for _, a := range []change.Actor{w.actor("old"), other} {
		if _, err := c.do(w, a, "x", nil); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Add(change.KeyLife + time.Second)
	if _, err := c.do(w, w.actor("new"), "x", nil); err != nil {
		t.Fatal(err)
	}
	// More than one batch, so that the sweep has to come back.
	w.d.OwnerExec(t, "INSERT INTO idempotency_keys (tenant_id, actor_id, key, fingerprint, created_at) SELECT $1, $1, i::text, '', $2 FROM generate_series(1, 10000) i",
		w.tenant, w.now.Add(-change.KeyLife-time.Minute))
	if err := w.RunPurge(context.Background(), change.PurgeArgs{}, false); err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, "idempotency_keys WHERE key = 'new'"); n != 1 || w.count(t, "idempotency_keys") != 1 {
		t.Error("the living key is gone, or an old one is left")
	}
}
