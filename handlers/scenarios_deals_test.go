package handlers_test

import (
	"net/http"
	"testing"

	"payaid/internal/crm"
)

// movedTo sends a form that moves a deal to a stage of the default pipeline, and
// more fields.
func movedTo(name string, fields ...string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		return form(append([]string{"version", "1", "stageId", w.stage(t, name).String()}, fields...)...)(t, w, b)
	}
}

// aLinkedDeal gives the address of a deal with a contact and a company.
func aLinkedDeal(t *testing.T, w *world) string {
	c := w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram", LastName: "Iyer", Company: "Deal House"})
	return "/deals/" + w.deal(t, w.owner, crm.DealInput{Name: "Looms <b>", ContactID: &c.ID, Value: 1_234_567_00, ExpectedClose: "2026-12-24"}).ID.String()
}

// changedDeal gives the address of a deal that somebody changed after it was opened.
func changedDeal(t *testing.T, w *world) string {
	d := w.deal(t, w.owner, crm.DealInput{Name: "Aravalli looms"})
	notes := "theirs"
	_, err := w.crm.UpdateDeal(t.Context(), w.principal(t, w.owner), d.ID, crm.DealPatch{Notes: &notes}, nil)
	ok(t, err)
	return "/deals/" + d.ID.String()
}

var (
	oneDeal  = ofDeal("/deals/", "")
	moveDeal = ofDeal("/deals/", "/move")
	dealGone = ofDeal("/deals/", "/delete")
	dealBack = trashedDeal("/deals/")
)

var dealScenarios = []scenario{
	{route: "GET /deals", name: "ok", as: asOwner, path: func(t *testing.T, w *world) string {
		w.deal(t, w.owner, crm.DealInput{Name: "Zebra <b>", Value: 1_234_567_00})
		return "/deals?q=zebra"
	}, status: okay, wants: []string{"<!doctype html>", "<title>Deals · PayAid</title>", "Zebra &lt;b&gt;", "Negotiation", "₹\u00a012.3\u00a0L", `name="stageId"`, `aria-current="page"`, "New deal"}},
	{route: "GET /deals", name: "part", as: asOwner, headers: htmx(), status: okay, wants: []string{`id="board"`}, lacks: []string{"<!doctype"}},
	{route: "GET /deals", name: "anonymous", status: seeOther, check: location("/login?next=%2Fdeals")},
	{route: "GET /deals", name: "no right", as: withKey, status: forbidden},
	{route: "GET /deals", name: "other business", as: asStranger, path: at("/deals?q="), status: okay, wants: []string{"No deals", "Lead"}, lacks: []string{"Zebra"}},
	{route: "GET /deals", name: "not to be moved", as: asManager, path: at("/deals?q=zebra"), status: okay, wants: []string{"Zebra"}, lacks: []string{`name="stageId"`}},
	{route: "GET /deals", name: "no match", as: asOwner, path: at("/deals?q=zzzzzzz"), status: okay, wants: []string{"No deal matches"}},
	{route: "GET /deals", name: "invalid", as: asOwner, path: at("/deals?pipeline=shoe"), status: badInput},
	{route: "GET /deals", name: "no such pipeline", as: asOwner, path: at("/deals?pipeline=01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47"), status: notFound},
	{route: "GET /deals/new", name: "ok", as: asOwner, status: okay, wants: []string{"<!doctype html>", `action="/deals"`, ">Proposal</option>"}, lacks: []string{">Won</option>"}},
	{route: "GET /deals/new", name: "part", as: asOwner, headers: htmx(), status: okay, wants: []string{`hx-post="/deals"`}, lacks: []string{"<!doctype"}},
	{route: "GET /deals/new", name: "anonymous", status: seeOther},
	{route: "GET /deals/new", name: "no right", as: readKey, status: forbidden},
	{route: "POST /deals", name: "ok", as: asOwner, send: form("name", "Spindles", "valuePaise", "12,34,567.50", "probability", "60 %", "expectedClose", "2026-12-24", "companyId", "Spindle House"), status: seeOther, check: location("/deals/")},
	{route: "POST /deals", name: "part", as: asOwner, headers: htmx(), send: form("name", "Looms <b>"), status: okay, wants: []string{"Looms &lt;b&gt; was added."}, check: header("HX-Trigger", "closeModal, dealsChanged")},
	{route: "POST /deals", name: "anonymous", send: form("name", "A"), status: unauthorized},
	{route: "POST /deals", name: "no right", as: readKey, send: form("name", "A"), status: forbidden},
	{route: "POST /deals", name: "invalid", as: asOwner, send: form("expectedClose", "tomorrow", "probability", "101"), status: unprocessable, wants: []string{"Please correct 3 things.", "Enter the deal&#39;s name.", "Enter a date"}},
	{route: "POST /deals", name: "numbers that are none", as: asOwner, send: form("name", "A", "valuePaise", "lots", "probability", "high"), status: unprocessable, wants: []string{"Enter an amount in rupees", "Enter a whole number"}},
	{route: "POST /deals", name: "with nobody", as: asOwner, send: form("name", "A", "contactId", "nobody@nowhere.test"), status: unprocessable, wants: []string{"There is no contact of this name"}},
	{route: "GET /deals/:id", name: "ok", as: asOwner, path: aLinkedDeal, status: okay, wants: []string{"Looms &lt;b&gt;", "₹\u00a012,34,567.00", "24 Dec 2026", "Vikram Iyer", "Deal House", "Stages so far", "by Asha Shah", "/edit", "/delete"}},
	{route: "GET /deals/:id", name: "part", as: asOwner, headers: htmx(), path: oneDeal, status: okay, wants: []string{`id="record"`}, lacks: []string{"<!doctype"}},
	{route: "GET /deals/:id", name: "anonymous", path: oneDeal, status: seeOther},
	{route: "GET /deals/:id", name: "no right", as: asMember, path: oneDeal, status: notFound, lacks: []string{"Aravalli"}},
	{route: "GET /deals/:id", name: "other tenant", as: asStranger, path: oneDeal, status: notFound, lacks: []string{"Aravalli"}},
	{route: "GET /deals/:id", name: "not to be changed", as: asManager, path: oneDeal, status: okay, lacks: []string{"/edit", "/delete", "/move"}},
	{route: "GET /deals/:id/edit", name: "ok", as: asOwner, path: ofDeal("/deals/", "/edit"), status: okay, wants: []string{`name="version" value="1"`, `value="12,34,567.00"`, `value="Trade fair"`}},
	{route: "GET /deals/:id/edit", name: "anonymous", path: ofDeal("/deals/", "/edit"), status: seeOther},
	{route: "GET /deals/:id/edit", name: "no right", as: asManager, path: ofDeal("/deals/", "/edit"), status: forbidden},
	{route: "GET /deals/:id/edit", name: "other tenant", as: asStranger, path: ofDeal("/deals/", "/edit"), status: notFound},
	{route: "POST /deals/:id", name: "ok", as: asOwner, path: oneDeal, send: form("version", "1", "name", "Spindles"), status: seeOther, check: location("/deals/")},
	{route: "POST /deals/:id", name: "part", as: asOwner, headers: htmx(), path: oneDeal, send: form("version", "1", "name", "Spindles", "source", "Walk-in"), status: okay, wants: []string{`hx-target="#record"`, "Walk-in", "was saved."}, check: header("HX-Trigger", "closeModal")},
	{route: "POST /deals/:id", name: "anonymous", path: oneDeal, send: form("version", "1"), status: unauthorized},
	{route: "POST /deals/:id", name: "no right", as: asManager, path: oneDeal, send: form("version", "1", "name", "B"), status: forbidden, wants: []string{"Ask its owner, Asha Shah."}},
	{route: "POST /deals/:id", name: "other tenant", as: asStranger, path: oneDeal, send: form("version", "1", "name", "B"), status: notFound},
	{route: "POST /deals/:id", name: "invalid", as: asOwner, path: oneDeal, send: form("version", "1", "name", ""), status: unprocessable, wants: []string{"Enter the deal&#39;s name."}},
	{route: "POST /deals/:id", name: "somebody was quicker", as: asOwner, headers: htmx(), path: changedDeal, send: form("version", "1", "name", "Mine"), status: http.StatusConflict, wants: []string{"this deal", `value="Mine"`, `name="version" value="2"`}},
	{route: "POST /deals/:id/move", name: "ok", as: asOwner, path: moveDeal, send: movedTo("Proposal"), status: seeOther, check: location("/deals/")},
	{route: "POST /deals/:id/move", name: "from the board", as: asOwner, path: moveDeal, send: movedTo("Won", "to", "board"), status: seeOther, check: location("/deals?done=saved")},
	{route: "POST /deals/:id/move", name: "lost", as: asOwner, path: moveDeal, send: movedTo("Lost", "reason", "Too dear"), status: seeOther, check: location("/deals/")},
	{route: "POST /deals/:id/move", name: "invalid", as: asOwner, path: moveDeal, send: movedTo("Lost", "competitor", "Mills <b>"), status: unprocessable, wants: []string{"Why was it lost?", "Say why the deal was lost.", "Mills &lt;b&gt;", `name="version" value="1"`}},
	{route: "POST /deals/:id/move", name: "no stage", as: asOwner, path: moveDeal, send: form("version", "1", "stageId", "shoe"), status: badInput},
	{route: "POST /deals/:id/move", name: "somebody was quicker", as: asOwner, path: func(t *testing.T, w *world) string { return changedDeal(t, w) + "/move" }, send: movedTo("Proposal"), status: http.StatusConflict, wants: []string{"Somebody changed this deal"}},
	{route: "POST /deals/:id/move", name: "anonymous", path: moveDeal, send: movedTo("Proposal"), status: unauthorized},
	{route: "POST /deals/:id/move", name: "no right", as: asManager, path: moveDeal, send: movedTo("Proposal"), status: forbidden},
	{route: "POST /deals/:id/move", name: "other tenant", as: asStranger, path: moveDeal, send: movedTo("Proposal"), status: notFound},
	{route: "POST /deals/:id/delete", name: "ok", as: asOwner, path: dealGone, send: form(), status: seeOther, check: location("/deals?done=deleted&id=")},
	{route: "POST /deals/:id/delete", name: "anonymous", path: dealGone, send: form(), status: unauthorized},
	{route: "POST /deals/:id/delete", name: "no right", as: asManager, path: dealGone, send: form(), status: forbidden},
	{route: "POST /deals/:id/delete", name: "other tenant", as: asStranger, path: dealGone, send: form(), status: notFound},
	{route: "POST /deals/:id/restore", name: "ok", as: asOwner, path: dealBack, send: form(), status: seeOther, check: location("/deals/")},
	{route: "POST /deals/:id/restore", name: "part", as: asOwner, headers: htmx(), path: dealBack, send: form(), status: okay, wants: []string{"was restored."}, check: header("HX-Trigger", "dealsChanged")},
	{route: "POST /deals/:id/restore", name: "anonymous", path: dealBack, send: form(), status: unauthorized},
	{route: "POST /deals/:id/restore", name: "no right", as: asManager, path: dealBack, send: form(), status: forbidden},
	{route: "POST /deals/:id/restore", name: "other tenant", as: asStranger, path: dealBack, send: form(), status: notFound},
}
