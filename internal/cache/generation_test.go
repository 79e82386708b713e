package cache

import (
	"testing"
	"time"

	"payaid/db"
	"payaid/internal/dbtest"
	"payaid/internal/servertest"
)

// While a restore holds writes, another replica may be on the restored database
// already; once that one is live here, what was read of the old one is not served.
func TestNothingIsServedAcrossARestore(t *testing.T) {
	d := dbtest.New(t)
	g := db.NewGeneration()
	pool, err := db.Open(t.Context(), d.AppURL, db.Options{MaxConns: 2, Generation: g})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	c := started(t, quick(pool, servertest.Redis(t)))
	s := newSource(c, "list", "contact:list")
	s.warm(t)
	g.Announce(db.Live{FencedUntil: time.Now().Add(time.Minute)})
	s.isOld(t, "while writes wait")
	g.Announce(db.Live{})
	s.warm(t)
	var oid uint32
	if err := pool.Pool().QueryRow(t.Context(), "SELECT oid FROM pg_database WHERE datname = current_database()").Scan(&oid); err != nil {
		t.Fatal(err)
	}
	g.Announce(db.Live{Database: oid})
	s.isOld(t, "with another live database than the state was read of")
	s.warm(t)
}
