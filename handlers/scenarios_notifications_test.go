package handlers_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/notify"
)

// told gives the address of a new notification of a's that leads to the imports, and suffix.
func told(a func(w *world) account, suffix string) target {
	return func(t *testing.T, w *world) string {
		id := uuid.New()
		to := notify.Person{Tenant: w.home, User: a(w).id}
		ok(t, notify.Tell(t.Context(), w.pool.Tenant(w.home), to, time.Now(), notify.Message{ID: id, Kind: "test", Title: "Told <b> " + id.String()[:8], Link: "/imports"}))
		return "/notifications/" + id.String() + suffix
	}
}

// afterTelling gives path once the owner was told something.
func afterTelling(path string) target {
	return func(t *testing.T, w *world) string {
		told(theOwners, "")(t, w)
		return path
	}
}

func theOwners(w *world) account   { return w.owner }
func theManagers(w *world) account { return w.manager }

var notificationScenarios = []scenario{
	{route: "GET /notifications", name: "ok", as: asOwner, path: afterTelling("/notifications"), status: okay, wants: []string{"<!doctype html>", "Told &lt;b&gt;", "data-unread", "Mark all as read", `id="unread"`}},
	{route: "GET /notifications", name: "part", as: asOwner, headers: htmx(), path: afterTelling("/notifications"), status: okay, wants: []string{"Told"}, lacks: []string{"<!doctype"}},
	{route: "GET /notifications", name: "anonymous", status: seeOther},
	{route: "GET /notifications", name: "no right", as: withKey, status: forbidden},
	{route: "GET /notifications", name: "somebody else's", as: asMember, path: afterTelling("/notifications"), status: okay, wants: []string{"Nothing new"}, lacks: []string{"Told"}},
	{route: "GET /notifications", name: "invalid", as: asOwner, path: at("/notifications?cursor=x"), status: unprocessable},
	{route: "GET /notifications/unread", name: "ok", as: asOwner, headers: htmx(), path: afterTelling("/notifications/unread"), status: okay, wants: []string{`id="unread"`, "unread"}, lacks: []string{"hidden", "<!doctype"}},
	{route: "GET /notifications/unread", name: "anonymous", headers: htmx(), status: unauthorized},
	{route: "GET /notifications/unread", name: "no right", as: withKey, status: forbidden},
	{route: "GET /notifications/unread", name: "none", as: asMember, headers: htmx(), status: okay, wants: []string{" hidden"}},
	{route: "POST /notifications/:id/open", name: "ok", as: asOwner, path: told(theOwners, "/open"), send: form(), status: seeOther, check: location("/imports")},
	{route: "POST /notifications/:id/open", name: "anonymous", path: told(theOwners, "/open"), send: form(), status: unauthorized},
	{route: "POST /notifications/:id/open", name: "no right", as: withKey, path: told(theOwners, "/open"), send: form(), status: forbidden},
	{route: "POST /notifications/:id/open", name: "other tenant", as: asStranger, path: told(theOwners, "/open"), send: form(), status: notFound},
	{route: "POST /notifications/:id/open", name: "somebody else's", as: asOwner, path: told(theManagers, "/open"), send: form(), status: notFound},
	{route: "POST /notifications/read", name: "ok", as: asManager, path: func(t *testing.T, w *world) string { told(theManagers, "")(t, w); return "/notifications/read" }, send: form(), status: seeOther, check: func(t *testing.T, w *world, _ answer) {
		n, err := notify.New(w.pool, time.Now).Unread(t.Context(), notify.Person{Tenant: w.home, User: w.manager.id})
		if ok(t, err); n != 0 {
			t.Errorf("%d are unread", n)
		}
	}},
	{route: "POST /notifications/read", name: "anonymous", send: form(), status: unauthorized},
	{route: "POST /notifications/read", name: "no right", as: withKey, send: form(), status: forbidden},
}
