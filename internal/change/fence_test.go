package change_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// While a restore holds writes nothing is begun, and who asks is told when to try
// again. Reading goes on.
func TestAWriteWaitsForARestore(t *testing.T) {
	w := newWorld(t)
	g := db.NewGeneration()
	pool, err := db.Open(t.Context(), w.d.AppURL, db.Options{MaxConns: 2, Generation: g})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	w.DB = pool
	began := 0
	write := func() error {
		_, err := change.Do(t.Context(), w.Writer, w.actor(""), "test", nil, func(context.Context, *change.Tx) (int, error) {
			began++
			return began, nil
		})
		return err
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	g.Announce(db.Live{FencedUntil: time.Now().Add(time.Minute)})
	refused, ok := errors.AsType[*apperr.Error](write())
	if !ok || refused.Code != apperr.Unavailable || refused.RetryAfter <= 0 || began != 1 {
		t.Fatalf("%+v, begun %d times", refused, began)
	}
	if _, err := pool.Tenant(w.tenant).GetTenant(t.Context(), w.tenant); err != nil {
		t.Errorf("reading: %v", err)
	}
	g.Announce(db.Live{})
	if err := write(); err != nil || began != 2 {
		t.Errorf("afterwards: %v", err)
	}
}
