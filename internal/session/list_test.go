package session_test

import (
	"errors"
	"testing"
	"time"

	"payaid/internal/session"

	"github.com/redis/go-redis/v9"
)

func listAndRevoke(t *testing.T, client redis.UniversalClient) {
	store := patient(client)
	first, second, other := signIn(t, store, "u1"), signIn(t, store, "u1"), signIn(t, store, "u2")
	list, err := store.List(t.Context(), "u1")
	if err != nil || len(list) != 2 {
		t.Fatalf("list %+v, %v, want two", list, err)
	}
	for _, info := range list {
		if info.IP != "192.0.2.7" || info.UserAgent != "Firefox" || info.TenantID != "t1" ||
			time.Since(info.Created) > time.Minute || time.Since(info.LastSeen) > time.Minute {
			t.Errorf("info %+v", info)
		}
	}
	handle := session.Handle(first.request(t).session(t))
	if err := store.Revoke(t.Context(), "u2", handle); !errors.Is(err, session.ErrNotFound) || first.user(t) != "u1" {
		t.Errorf("u2 revokes a session of u1: %v, it is now %q", err, first.user(t))
	}
	if err := store.Revoke(t.Context(), "u1", handle); err != nil || first.user(t) != "" || second.user(t) != "u1" || other.user(t) != "u2" {
		t.Errorf("revoke: %v, sessions are %q, %q, %q", err, first.user(t), second.user(t), other.user(t))
	}
	if err := store.Revoke(t.Context(), "u1", handle); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("revoked twice: %v", err)
	}
	if list, err = store.List(t.Context(), "u1"); err != nil || len(list) != 1 {
		t.Errorf("afterwards %+v, %v, want one", list, err)
	}
	if list, err = store.List(t.Context(), "nobody"); err != nil || len(list) != 0 {
		t.Errorf("nobody has %+v, %v", list, err)
	}
}

func revokeAll(t *testing.T, client redis.UniversalClient) {
	store := patient(client)
	kept, gone, other := signIn(t, store, "u1"), signIn(t, store, "u1"), signIn(t, store, "u2")
	handle := session.Handle(kept.request(t).session(t))
	if err := store.RevokeAll(t.Context(), "u1", handle); err != nil {
		t.Fatal(err)
	}
	if kept.user(t) != "u1" || gone.user(t) != "" || other.user(t) != "u2" {
		t.Errorf("all but one: sessions are %q, %q, %q", kept.user(t), gone.user(t), other.user(t))
	}
	if err := store.RevokeAll(t.Context(), "u1", ""); err != nil {
		t.Fatal(err)
	}
	if kept.user(t) != "" || other.user(t) != "u2" {
		t.Errorf("all: sessions are %q, %q", kept.user(t), other.user(t))
	}
	if list, err := store.List(t.Context(), "u1"); err != nil || len(list) != 0 {
		t.Errorf("afterwards %+v, %v", list, err)
	}
}
