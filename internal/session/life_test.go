package session_test

import (
	"errors"
	"testing"
	"time"

	"payaid/internal/servertest"
	"payaid/internal/session"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// clocked is a store whose clock and whose server's clock are moved by hand.
type clocked struct {
	*session.Store
	server *miniredis.Miniredis
	now    time.Time
}

func newClocked(t *testing.T) *clocked {
	c := &clocked{server: miniredis.RunT(t), now: time.UnixMilli(1_800_000_000_000)}
	client := servertest.Client(t, "redis://"+c.server.Addr())
	c.Store = session.NewStore(client, session.Options{Timeout: 10 * time.Second, Now: func() time.Time { return c.now }})
	return c
}

func (c *clocked) pass(d time.Duration) {
	c.now = c.now.Add(d)
	c.server.FastForward(d)
}

func TestIdleSessionsEnd(t *testing.T) {
	c := newClocked(t)
	b := signIn(t, c.Store, "u1")
	for range 3 {
		c.pass(11 * time.Hour)
		if b.user(t) != "u1" {
			t.Fatal("a session in use ended")
		}
	}
	list, err := c.List(t.Context(), "u1")
	if err != nil || len(list) != 1 || !list[0].LastSeen.Equal(c.now) {
		t.Errorf("list %+v, %v, want last seen %s", list, err, c.now)
	}
	c.pass(12*time.Hour + time.Second)
	if b.user(t) != "" {
		t.Error("a session idle for 12 hours still lives")
	}
	if list, err = c.List(t.Context(), "u1"); err != nil || len(list) != 0 {
		t.Errorf("it is still listed: %+v, %v", list, err)
	}
}

func TestAnonymousSessionsEndSooner(t *testing.T) {
	c := newClocked(t)
	b := &browser{store: c.Store}
	b.set(t, session.CSRFToken, "x")
	c.pass(59 * time.Minute)
	if b.request(t).session(t).IsNew {
		t.Fatal("it ended before its hour")
	}
	c.pass(61 * time.Minute)
	if !b.request(t).session(t).IsNew {
		t.Error("it lives longer than its hour")
	}
}

func TestOldSessionsEnd(t *testing.T) {
	c := newClocked(t)
	b := signIn(t, c.Store, "u1")
	for range 15 { // with renewals in between, which must not prolong it
		c.pass(11 * time.Hour)
		r := b.request(t)
		s := r.session(t)
		session.Renew(s)
		if err := r.save(s); err != nil {
			t.Fatal(err)
		}
	}
	c.pass(3*time.Hour - time.Second)
	if b.user(t) != "u1" {
		t.Fatal("it ended before its seven days")
	}
	c.now = c.now.Add(time.Second) // the server's clock stands still: the store itself looks at the age
	if b.user(t) != "" {
		t.Error("it lives longer than seven days")
	}
	c.server.FastForward(time.Second)
	nothingLeftOf(t, c)
}

func nothingLeftOf(t *testing.T, c *clocked) {
	t.Helper()
	for _, key := range c.server.Keys() {
		if c.server.Type(key) == "hash" {
			t.Errorf("%s is still in Redis", key)
		}
	}
}

func TestTouchAtMostOnceAMinute(t *testing.T) {
	c := newClocked(t)
	b := signIn(t, c.Store, "u1")
	commands := func() int { return c.server.CommandCount() }
	b.user(t) // connections are made
	before := commands()
	c.pass(59 * time.Second)
	b.user(t)
	if got := commands() - before; got != 1 {
		t.Errorf("a load took %d commands, want 1", got)
	}
	c.pass(time.Second)
	b.user(t)
	before = commands()
	b.user(t)
	if got := commands() - before; got != 1 {
		t.Errorf("a load after the touch took %d commands, want 1", got)
	}
}

func TestRealServerForgets(t *testing.T) {
	client := servertest.Client(t, servertest.Redis(t))
	store := session.NewStore(client, session.Options{Idle: 300 * time.Millisecond, Timeout: 10 * time.Second})
	b := signIn(t, store, "u1")
	time.Sleep(400 * time.Millisecond)
	if b.user(t) != "" {
		t.Error("the idle session still lives")
	}
}

func TestServerDown(t *testing.T) {
	url := servertest.Redis(t)
	store := session.NewStore(servertest.Client(t, url), session.Options{})
	b := signIn(t, patient(servertest.Client(t, url)), "u1")
	b.store = store
	loaded := b.request(t)
	s := loaded.session(t)
	s.Values["x"] = "y"
	for name, command := range map[string][]any{"silent": {"CLIENT", "PAUSE", 5000}, "gone": {"SHUTDOWN", "NOSAVE"}} {
		t.Run(name, func(t *testing.T) {
			servertest.Client(t, url).Do(t.Context(), command...) // a server that shuts down does not answer
			for call, do := range map[string]func() error{
				"load": func() error {
					s, err := store.New(b.request(t).Request, cookieName)
					if s == nil || !s.IsNew {
						t.Errorf("got the session %+v, want an empty one", s)
					}
					return err
				},
				"save":       func() error { return loaded.save(s) },
				"list":       func() error { _, err := store.List(t.Context(), "u1"); return err },
				"revoke":     func() error { return store.Revoke(t.Context(), "u1", "h") },
				"revoke all": func() error { return store.RevokeAll(t.Context(), "u1", "") },
			} {
				start := time.Now()
				if err := do(); !errors.Is(err, session.ErrUnavailable) {
					t.Errorf("%s: got %v, want ErrUnavailable", call, err)
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("%s: it took %s to say so", call, took)
				}
			}
		})
	}
}

func TestServerOutOfMemory(t *testing.T) {
	client := servertest.Client(t, servertest.Redis(t))
	now := time.Now()
	store := session.NewStore(client, session.Options{Timeout: 10 * time.Second, Now: func() time.Time { return now }})
	b := signIn(t, store, "u1")
	setMemory(t, client, "1")
	now = now.Add(2 * time.Minute) // a touch is due
	if b.user(t) != "u1" {
		t.Error("a signed-in user is out")
	}
	r := b.request(t)
	s := r.session(t)
	session.Renew(s)
	if err := r.save(s); !errors.Is(err, session.ErrUnavailable) || b.user(t) != "u1" {
		t.Errorf("renewal: %v, want ErrUnavailable and the session as it was, it is %q", err, b.user(t))
	}
	r = (&browser{store: store}).request(t)
	s = r.session(t)
	s.Values[session.UserID] = "u2"
	if err := r.save(s); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("sign-in: %v, want ErrUnavailable", err)
	}
	setMemory(t, client, "0")
	if err := r.save(s); err != nil {
		t.Errorf("sign-in with memory again: %v", err)
	}
}

func setMemory(t *testing.T, client redis.UniversalClient, bytes string) {
	t.Helper()
	if err := client.ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
		t.Fatal(err)
	}
}
