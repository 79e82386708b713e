package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"sync"
	"testing"
	"time"
)

func TestAPasswordMatchesItsHashOnly(t *testing.T) {
	h, ctx := newHasher(), context.Background()
	for _, password := range []string{"correct horse", "पासवर्ड पासवर्ड", "", "\x00"} {
		one, err := h.hash(ctx, password)
		if err != nil {
			t.Fatal(err)
		}
		two, err := h.hash(ctx, password)
		if err != nil || one == two {
			t.Errorf("%q: two hashes are alike: no salt (%v)", password, err)
		}
		if ok, err := h.matches(ctx, one, password); err != nil || !ok {
			t.Errorf("%q does not match its own hash (%v)", password, err)
		}
		if ok, err := h.matches(ctx, one, password+" "); err != nil || ok {
			t.Errorf("%q and a space match (%v)", password, err)
		}
	}
}

// Hashes that are stored keep working when the parameters are raised one day.
func TestOlderParametersStillMatch(t *testing.T) {
	const stored = "$argon2id$v=19$m=16,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$"
	h, ctx := newHasher(), context.Background()
	key, err := h.derive(ctx, "correct horse", []byte("somesaltsomesalt"), 1, 16, 1, 16)
	if err != nil {
		t.Fatal(err)
	}
	encoded := stored + base64.RawStdEncoding.EncodeToString(key)
	if ok, err := h.matches(ctx, encoded, "correct horse"); err != nil || !ok {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestBrokenHashesAreErrors(t *testing.T) {
	for _, encoded := range []string{"", "x", "$argon2i$v=19$m=16,t=1,p=1$c2FsdA$a2V5", "$argon2id$v=19$m=16$c2FsdA$a2V5", "$argon2id$v=19$m=16,t=1,p=1$!$a2V5", "$argon2id$v=19$m=16,t=1,p=1$c2FsdA$!",
		"$argon2id$v=19$m=16,t=1,p=1$c2FsdA$", "$argon2id$v=19$m=16,t=0,p=0$c2FsdA$a2V5"} {
		if ok, err := newHasher().matches(context.Background(), encoded, ""); err == nil || ok {
			t.Errorf("%q: %v, %v", encoded, ok, err)
		}
	}
}

func TestHashingIsBounded(t *testing.T) {
	h := newHasher()
	for range hashesAtOnce {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := h.hash(ctx, "correct horse"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a hash beyond the bound: %v", err)
	}
	for range hashesAtOnce {
		<-h.slots
	}
	var wg sync.WaitGroup
	for range 2 * hashesAtOnce {
		wg.Go(func() {
			if _, err := h.hash(context.Background(), "correct horse"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(h.slots) != 0 {
		t.Errorf("%d places were not given back", len(h.slots))
	}
}
