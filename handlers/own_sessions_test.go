package handlers_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/auth"
)

// twoBrowsers gives a new person signed in twice.
func twoBrowsers(t *testing.T, w *world) (person account, here, there *browser) {
	t.Helper()
	person = w.person(t, w.home, "Two"+uuid.NewString()[:8]+" Browsers", auth.Member, nil)
	here, there = w.visitor(), w.visitor()
	for _, b := range []*browser{there, here} {
		b.signIn(t, person.email, password).is(t, http.StatusSeeOther)
		b.get(t, "/contacts").is(t, http.StatusOK)
	}
	return person, here, there
}

func TestEndingOneSession(t *testing.T) {
	w := newWorld(t)
	_, here, there := twoBrowsers(t, w)
	page := here.get(t, security)
	handles := sessionAction.FindAllString(page.body, -1)
	if len(handles) != 2 {
		t.Fatalf("%d sessions, want 2\n%s", len(handles), page.main())
	}
	// The newest stands first, and that is the one that asks.
	here.post(t, handles[1], nil).is(t, http.StatusSeeOther)
	there.get(t, "/contacts").is(t, http.StatusSeeOther)
	here.get(t, security+"?done=ended").wants(t, "The session has ended.")
	here.post(t, handles[1], nil).is(t, http.StatusNotFound)
	w.as(t, w.owner).get(t, "/settings/audit?action=user.end_session").wants(t, "<code>user.end_session</code>")

	here.get(t, security)
	here.post(t, handles[0], nil).is(t, http.StatusSeeOther)
	here.get(t, "/contacts").is(t, http.StatusSeeOther)
}

func TestLoggingOutEverywhere(t *testing.T) {
	w := newWorld(t)
	_, here, there := twoBrowsers(t, w)
	old := here.cookies["sid"]
	here.get(t, security)
	here.post(t, ownSessions+"/end-others", nil).is(t, http.StatusSeeOther)
	there.get(t, "/contacts").is(t, http.StatusSeeOther)
	here.get(t, security).is(t, http.StatusOK)
	if here.cookies["sid"] == old {
		t.Error("the session kept its id")
	}
	here.post(t, ownSessions+"/end-all", nil).is(t, http.StatusSeeOther)
	here.get(t, "/contacts").is(t, http.StatusSeeOther)
	w.as(t, w.owner).get(t, "/settings/audit?action=user.end_sessions").wants(t, "<code>user.end_sessions</code>")
}

// Redis may forget which sessions a person has, or bring one back from a copy:
// logging out everywhere ends them all the same.
func TestSessionsThatRedisForgotEndToo(t *testing.T) {
	w := newWorld(t)
	person, here, there := twoBrowsers(t, w)
	redis := w.redis(t)
	indexes, err := redis.Keys(t.Context(), "sess:*:user:"+person.id.String()).Result()
	ok(t, err)
	ok(t, redis.Del(t.Context(), indexes...).Err())
	here.get(t, security).lacks(t, ">This browser<")
	here.post(t, ownSessions+"/end-others", nil).is(t, http.StatusSeeOther)
	there.get(t, "/contacts").is(t, http.StatusSeeOther)
	here.get(t, "/contacts").is(t, http.StatusOK)
}
