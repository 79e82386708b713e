package session_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"payaid/internal/session"

	"github.com/redis/go-redis/v9"
)

func parallelRenewals(t *testing.T, client redis.UniversalClient) {
	b := signIn(t, patient(client), "u1")
	var won, ended atomic.Int64
	var wg sync.WaitGroup
	renewals := make([]*request, 8)
	for i := range renewals {
		renewals[i] = (&browser{store: b.store, cookie: b.cookie}).request(t)
		session.Renew(renewals[i].session(t))
	}
	for _, r := range renewals {
		s := r.session(t)
		reader := &browser{store: b.store, cookie: b.cookie}
		wg.Go(func() {
			switch err := r.save(s); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, session.ErrEnded) && len(r.answer.Result().Cookies()) == 0:
				ended.Add(1)
			default:
				t.Errorf("renewal: %v, cookies %v", err, r.answer.Result().Cookies())
			}
		})
		wg.Go(func() {
			r := reader.request(t)
			s, err := reader.store.Get(r.Request, cookieName)
			if err != nil || s.IsNew != (s.Values[session.CSRFToken] == nil) {
				t.Errorf("a parallel request saw half a session: %v, %v", s.Values, err)
				return
			}
			if err := r.save(s); err != nil || len(r.answer.Result().Cookies()) != 0 {
				t.Errorf("a parallel request that changes nothing: %v, cookies %v", err, r.answer.Result().Cookies())
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || ended.Load() != 7 {
		t.Errorf("%d renewals won and %d found the session ended, want 1 and 7", won.Load(), ended.Load())
	}
	if list, err := b.store.List(t.Context(), "u1"); err != nil || len(list) != 1 {
		t.Errorf("the user has sessions %v, %v, want one", list, err)
	}
}

func parallelFields(t *testing.T, client redis.UniversalClient) {
	b := signIn(t, patient(client), "u1")
	b.set(t, "gone", "x")
	var wg sync.WaitGroup
	for i := range 8 {
		r := (&browser{store: b.store, cookie: b.cookie}).request(t)
		s := r.session(t)
		s.Values[fmt.Sprint("field", i)] = "set"
		delete(s.Values, "gone")
		wg.Go(func() {
			if err := r.save(s); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	values := b.request(t).session(t).Values
	for i := range 8 {
		if values[fmt.Sprint("field", i)] != "set" {
			t.Errorf("field%d was lost", i)
		}
	}
	if _, ok := values["gone"]; ok {
		t.Error("the removed field is back")
	}
}

func signOutRace(t *testing.T, client redis.UniversalClient) {
	b := signIn(t, patient(client), "u1")
	slow := (&browser{store: b.store, cookie: b.cookie}).request(t)
	slowSession := slow.session(t)
	renewing := (&browser{store: b.store, cookie: b.cookie}).request(t)
	renewed := renewing.session(t)

	r := b.request(t)
	s := r.session(t)
	s.Options.MaxAge = -1
	old := b.cookie
	if err := r.save(s); err != nil {
		t.Fatal(err)
	}
	slowSession.Values["late"] = "x"
	session.Renew(renewed)
	for name, err := range map[string]error{"write": slow.save(slowSession), "renewal": renewing.save(renewed)} {
		if !errors.Is(err, session.ErrEnded) {
			t.Errorf("late %s: got %v, want ErrEnded", name, err)
		}
	}
	if n := len(slow.answer.Result().Cookies()) + len(renewing.answer.Result().Cookies()); n != 0 {
		t.Errorf("late requests set %d cookies", n)
	}
	if (&browser{store: b.store, cookie: old}).user(t) != "" {
		t.Error("the signed-out session lives again")
	}
	nothingLeft(t, client)
}

func flushed(t *testing.T, client redis.UniversalClient) {
	b := signIn(t, patient(client), "u1")
	r := b.request(t)
	s := r.session(t)
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.Values["late"] = "x"
	if err := r.save(s); !errors.Is(err, session.ErrEnded) {
		t.Errorf("write after the flush: got %v, want ErrEnded", err)
	}
	if b.user(t) != "" {
		t.Error("the old cookie still signs in")
	}
	nothingLeft(t, client)
}

func nothingLeft(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	if keys, err := client.Keys(t.Context(), "sess:*").Result(); err != nil || len(keys) != 0 {
		t.Errorf("left in Redis: %v, %v", keys, err)
	}
}

func doubleSignIn(t *testing.T, client redis.UniversalClient) {
	b := &browser{store: patient(client)}
	b.set(t, session.CSRFToken, "x")
	first, second := b.request(t), b.request(t)
	for _, r := range []*request{first, second} {
		r.session(t)
	}
	for _, r := range []*request{first, second} {
		s := r.session(t)
		s.Values[session.UserID] = "u1"
		if err := r.save(s); err != nil {
			t.Fatal(err)
		}
	}
	if b.user(t) != "u1" {
		t.Error("the second answer's cookie does not sign in")
	}
}
