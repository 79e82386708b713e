package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/dbtest"
	"payaid/internal/notify"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// newService returns a Service whose clock stands, and two people of one business.
func newService(t *testing.T, now time.Time) (*notify.Service, *db.DB, notify.Person, notify.Person) {
	t.Helper()
	d := dbtest.New(t)
	pool, err := db.Open(t.Context(), d.AppURL, db.Options{MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	tenant, asha, meera := uuid.New(), uuid.New(), uuid.New()
	for _, user := range []uuid.UUID{asha, meera} {
		d.OwnerExec(t, "INSERT INTO users (id, email, name, password_hash, sessions_valid_after, created_at, updated_at) VALUES ($1, $2, 'A person', '-', now(), now(), now())", user, user.String()+"@example.in")
	}
	return notify.New(pool, func() time.Time { return now }), pool, notify.Person{Tenant: tenant, User: asha}, notify.Person{Tenant: tenant, User: meera}
}

func TestToldOnceReadOnceAndGoneInTheEnd(t *testing.T) {
	now := time.Now()
	s, pool, asha, meera := newService(t, now)
	id := uuid.New()
	for range 2 { // tried again after a crash
		if err := notify.Tell(t.Context(), pool.Tenant(asha.Tenant), asha, now.Add(-91*24*time.Hour), notify.Message{ID: id, Kind: "k", Title: strings.Repeat("ü", 400), Link: "/imports"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := notify.Tell(t.Context(), pool.Tenant(asha.Tenant), asha, now, notify.Message{Kind: "k", Title: "New"}); err != nil {
		t.Fatal(err)
	}
	unread := func(of notify.Person, want int) {
		t.Helper()
		if n, err := s.Unread(t.Context(), of); err != nil || n != want {
			t.Errorf("%d unread, %v; want %d", n, err, want)
		}
	}
	unread(asha, 2)
	unread(meera, 0)
	unread(notify.Person{Tenant: uuid.New(), User: asha.User}, 0)
	if _, err := s.Read(t.Context(), meera, id); !apperr.Is(err, apperr.NotFound) {
		t.Errorf("somebody else reads it: %v", err)
	}
	for range 2 {
		if link, err := s.Read(t.Context(), asha, id); err != nil || link != "/imports" {
			t.Errorf("read: %q, %v", link, err)
		}
	}
	unread(asha, 1)
	page, err := s.List(t.Context(), asha, "")
	if err != nil || len(page.Notifications) != 2 || page.Notifications[0].Title != "New" || len([]rune(page.Notifications[1].Title)) != 300 {
		t.Errorf("list: %+v, %v", page, err)
	}
	if _, err := s.List(t.Context(), asha, "nonsense"); !apperr.Is(err, apperr.Validation) {
		t.Errorf("a cursor that is none: %v", err)
	}
	if err := s.Purge(t.Context(), notify.PurgeArgs{}, false); err != nil {
		t.Fatal(err)
	}
	if page, err = s.List(t.Context(), asha, ""); err != nil || len(page.Notifications) != 1 {
		t.Errorf("after the purge: %+v, %v", page, err)
	}
	if err := s.ReadAll(t.Context(), asha); err != nil {
		t.Fatal(err)
	}
	unread(asha, 0)
}

func TestOnlyPathsOfOursAreLinked(t *testing.T) {
	for _, link := range []string{"https://example.com", "//example.com", "imports"} {
		if notify.Tell(t.Context(), nil, notify.Person{}, time.Now(), notify.Message{Kind: "k", Title: "t", Link: link}) == nil {
			t.Errorf("%s was taken", link)
		}
	}
}
