package handlers_test

import (
	"testing"

	"payaid/internal/crm"

	"payaid/internal/auth"
)

// searched makes a contact of the owner's that only this search finds.
func searched(suffix string) target {
	return func(t *testing.T, w *world) string {
		w.contact(t, w.owner, crm.ContactInput{FirstName: "Xerxes <b>", LastName: "Wadia", Company: "Parsi Dairy"})
		return "/search?q=" + suffix
	}
}

// opened names a contact of the owner's, one of the stranger's and nonsense as opened before.
func opened(t *testing.T, w *world) string {
	mine := w.contact(t, w.owner, crm.ContactInput{FirstName: "Recently", LastName: "Opened"})
	theirs := w.contact(t, w.stranger, crm.ContactInput{FirstName: "Of", LastName: "Strangers"})
	return "/search?recent=nonsense," + theirs.ID.String() + "," + mine.ID.String() + "," + mine.ID.String()
}

var searchScenarios = []scenario{
	{route: "GET /search", name: "ok", as: asOwner, path: searched("xerxes"), status: okay, wants: []string{"<!doctype html>", "Xerxes &lt;b&gt; Wadia", "Parsi Dairy", `action="/search"`}},
	{route: "GET /search", name: "part", as: asOwner, headers: htmx(), path: searched("parsi+dairy"), status: okay, wants: []string{`role="option"`, "Xerxes", `id="palette-group-0"`}, lacks: []string{"<!doctype"}},
	{route: "GET /search", name: "anonymous", status: seeOther, check: location("/login?next=%2Fsearch")},
	{route: "GET /search", name: "no right", as: withKey, status: forbidden},
	{route: "GET /search", name: "beyond the scope", as: asNewcomer, path: searched("xerxes"), status: okay, wants: []string{"Nothing found"}, lacks: []string{"Xerxes"}},
	{route: "GET /search", name: "other tenant", as: asStranger, path: searched("xerxes"), status: okay, lacks: []string{"Xerxes"}},
	{route: "GET /search", name: "invalid", as: asOwner, path: at("/search?q=%00"), status: unprocessable},
	{route: "GET /search", name: "recent", as: asOwner, headers: htmx(), path: opened, status: okay, wants: []string{"Recently Opened", "Go to", `href="/contacts/new"`, "/settings/people"}, lacks: []string{"Strangers"}},
	{route: "GET /search", name: "only what may be opened", as: asMember, headers: htmx(), status: okay, wants: []string{`href="/contacts"`, `href="/settings/password"`}, lacks: []string{"/settings/people", "/admin/", "/contacts/export.csv"}},
	{route: "GET /search", name: "commands only", as: asOwner, headers: htmx(), path: at("/search?q=%3Eexp"), status: okay, wants: []string{"Export all contacts as CSV"}, lacks: []string{"Go to", "New contact", "Recent"}},
	{route: "GET /search", name: "words in any order", as: asOwner, headers: htmx(), path: at("/search?q=sett+peo"), status: okay, wants: []string{"/settings/people"}, lacks: []string{"/settings/teams"}},
}

// asNewcomer is a member who has no team and looks after nobody yet.
func asNewcomer(t *testing.T, w *world) *browser {
	return w.as(t, w.person(t, w.home, "Lata Pai", auth.Member, nil))
}
