package session_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"payaid/internal/session"

	"github.com/redis/go-redis/v9"
)

func TestStore(t *testing.T) {
	tests := map[string]func(t *testing.T, client redis.UniversalClient){
		"unknown ids are never adopted":             unknownIDs,
		"sign-in gives a new id":                    signInRotates,
		"a changed tenant gives a new id":           tenantRotates,
		"renew keeps the time of sign-in":           renewKeepsCreated,
		"one of many parallel renewals wins":        parallelRenewals,
		"parallel requests lose no field":           parallelFields,
		"nothing revives a signed-out session":      signOutRace,
		"nothing revives a flushed session":         flushed,
		"a double sign-in works":                    doubleSignIn,
		"list and revoke":                           listAndRevoke,
		"revoke all but one":                        revokeAll,
		"an empty new session is not stored":        emptyIsNotStored,
		"an unchanged session sends nothing":        unchanged,
		"the cookie has its flags and is cleared":   cookieFlags,
		"what is not a string is refused":           onlyStrings,
		"removing the user gives an anonymous one":  removeUser,
		"nothing in Redis tells the id of a cookie": idsAreHashed,
	}
	onEveryServer(t, func(t *testing.T, client redis.UniversalClient) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				if err := client.FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				test(t, client)
			})
		}
	})
}

func unknownIDs(t *testing.T, client redis.UniversalClient) {
	other := signIn(t, patient(client), "u1")
	ids := []string{
		"x", strings.Repeat("A", 44), strings.Repeat("A", 43), strings.Repeat("*", 44), other.cookie[1:] + other.cookie[:1], strings.ToUpper(other.cookie),
	}
	for _, id := range ids {
		b := &browser{store: patient(client), cookie: id}
		r := b.request(t)
		s := r.session(t)
		if !s.IsNew || s.ID != "" || len(s.Values) != 0 {
			t.Errorf("%q was adopted", id)
		}
		s.Values[session.CSRFToken] = "x"
		if err := r.save(s); err != nil || b.cookie == id {
			t.Errorf("%q: the new session has cookie %q, %v", id, b.cookie, err)
		}
	}
}

func signInRotates(t *testing.T, client redis.UniversalClient) {
	b := &browser{store: patient(client)}
	b.set(t, session.CSRFToken, "x")
	before := &browser{store: b.store, cookie: b.cookie}
	b.set(t, session.UserID, "u1")
	if b.cookie == before.cookie {
		t.Fatal("the id of the time before sign-in is still used")
	}
	if got := b.request(t).session(t).Values[session.CSRFToken]; got != "x" {
		t.Errorf("the new session has csrf %v", got)
	}
	if !before.request(t).session(t).IsNew {
		t.Error("the old id still works")
	}
	asOther := &browser{store: b.store, cookie: b.cookie}
	asOther.set(t, session.UserID, "u2")
	if list, err := b.store.List(t.Context(), "u1"); err != nil || len(list) != 0 || b.user(t) != "" {
		t.Errorf("after another user signed in the first has %v, %v", list, err)
	}
}

func tenantRotates(t *testing.T, client redis.UniversalClient) {
	b := signIn(t, patient(client), "u1")
	before := &browser{store: b.store, cookie: b.cookie}
	b.set(t, session.TenantID, "t2")
	if b.cookie == before.cookie || before.user(t) != "" || b.user(t) != "u1" {
		t.Errorf("new id %v, old one is %q, new one is %q", b.cookie != before.cookie, before.user(t), b.user(t))
	}
}

func renewKeepsCreated(t *testing.T, client redis.UniversalClient) {
	now := time.UnixMilli(1_800_000_000_000)
	store := session.NewStore(client, session.Options{Timeout: 10 * time.Second, Now: func() time.Time { return now }})
	b := &browser{store: store}
	b.set(t, session.CSRFToken, "x")
	now = now.Add(time.Minute / 2)
	signedIn := now
	b.set(t, session.UserID, "u1")
	now = now.Add(time.Hour)
	r := b.request(t)
	s := r.session(t)
	session.Renew(s)
	old := b.cookie
	if err := r.save(s); err != nil {
		t.Fatal(err)
	}
	if b.cookie == old {
		t.Error("no new id")
	}
	if got := session.Created(b.request(t).session(t)); !got.Equal(signedIn) {
		t.Errorf("created %s, want the time of sign-in %s", got, signedIn)
	}
}

func emptyIsNotStored(t *testing.T, client redis.UniversalClient) {
	b := &browser{store: patient(client)}
	if s := b.set(t); b.cookie != "" || session.Handle(s) != "" || !session.Created(s).IsZero() {
		t.Errorf("cookie %q, handle %q, created %s", b.cookie, session.Handle(s), session.Created(s))
	}
	nothingLeft(t, client)
}

func unchanged(t *testing.T, client redis.UniversalClient) {
	b := signIn(t, patient(client), "u1")
	r := b.request(t)
	s := r.session(t)
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	// Any command would find the session gone.
	if err := r.save(s); err != nil || len(r.answer.Result().Cookies()) != 0 {
		t.Errorf("got %v, cookies %v", err, r.answer.Result().Cookies())
	}
}

func cookieFlags(t *testing.T, client redis.UniversalClient) {
	b := &browser{store: patient(client)}
	r := b.request(t)
	s := r.session(t)
	s.Values[session.UserID] = "u1"
	if err := r.save(s); err != nil {
		t.Fatal(err)
	}
	c := r.answer.Result().Cookies()[0]
	if c.Name != cookieName || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 7*24*3600 {
		t.Errorf("cookie %+v", c)
	}
	r = b.request(t)
	s = r.session(t)
	s.Options.MaxAge = -1
	if err := r.save(s); err != nil {
		t.Fatal(err)
	}
	if c = r.answer.Result().Cookies()[0]; c.Value != "" || c.MaxAge >= 0 || c.Path != "/" || !c.Secure {
		t.Errorf("cookie after sign-out %+v", c)
	}
	nothingLeft(t, client)
}

func onlyStrings(t *testing.T, client redis.UniversalClient) {
	for _, entry := range []map[any]any{{"n": 1}, {1: "n"}, {"_created": "0"}, {"": "x"}, {"_flash": []any{"hello"}}} {
		r := (&browser{store: patient(client)}).request(t)
		s := r.session(t)
		for k, v := range entry {
			s.Values[k] = v
		}
		if err := r.save(s); err == nil {
			t.Errorf("%v was kept", entry)
		}
	}
	nothingLeft(t, client)
}

func removeUser(t *testing.T, client redis.UniversalClient) {
	b := signIn(t, patient(client), "u1")
	before := &browser{store: b.store, cookie: b.cookie}
	b.set(t, session.UserID, "")
	list, err := b.store.List(t.Context(), "u1")
	if before.user(t) != "" || b.user(t) != "" || b.cookie == before.cookie || err != nil || len(list) != 0 {
		t.Errorf("old one is %q, new one is %q, list %v, %v", before.user(t), b.user(t), list, err)
	}
}

func idsAreHashed(t *testing.T, client redis.UniversalClient) {
	b := signIn(t, patient(client), "u1")
	s := b.request(t).session(t)
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 2 {
		t.Fatalf("keys %v, %v, want the session and the index", keys, err)
	}
	for _, shown := range append(keys, session.Handle(s)) {
		if strings.Contains(shown, b.cookie) || strings.Contains(shown, b.cookie[4:20]) {
			t.Errorf("%q tells the cookie", shown)
		}
	}
}
