package handlers_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/crm"
)

const (
	dealsPath     = "/api/v1/deals"
	pipelinesPath = "/api/v1/pipelines"
)

// deal makes a deal that belongs to a.
func (w *world) deal(t testing.TB, a account, in crm.DealInput) crm.Deal {
	t.Helper()
	d, err := w.crm.CreateDeal(t.Context(), w.principal(t, a), in)
	ok(t, err)
	return d
}

// ofDeal gives the address of a new deal of the owner's, and suffix.
func ofDeal(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		return prefix + w.deal(t, w.owner, crm.DealInput{Name: "Aravalli looms", Value: 1_234_567_00, Source: "Trade fair"}).ID.String() + suffix
	}
}

// trashedDeal gives the address of a deal of the owner's in the trash.
func trashedDeal(prefix string) target {
	return func(t *testing.T, w *world) string {
		d := w.deal(t, w.owner, crm.DealInput{Name: "Aravalli looms"})
		_, err := w.crm.DeleteDeal(t.Context(), w.principal(t, w.owner), d.ID, nil)
		ok(t, err)
		return prefix + d.ID.String() + "/restore"
	}
}

// ofPipeline gives the address of a new pipeline of the owner's, and suffix.
func ofPipeline(suffix string) target {
	return func(t *testing.T, w *world) string {
		return pipelinesPath + "/" + w.pipeline(t).ID.String() + suffix
	}
}

// ofStage gives the address of the first stage of a new pipeline of the owner's.
func ofStage(t *testing.T, w *world) string {
	p := w.pipeline(t)
	return pipelinesPath + "/" + p.ID.String() + "/stages/" + p.Stages[0].ID.String()
}

func (w *world) pipeline(t *testing.T) crm.Pipeline {
	t.Helper()
	p := w.principal(t, w.owner)
	all, err := w.crm.Pipelines(t.Context(), p)
	ok(t, err)
	if len(all) >= crm.MaxPipelines { // as many as there can be: take the oldest of them away
		_, err = w.crm.DeletePipeline(t.Context(), p, all[1].ID, nil)
		ok(t, err)
	}
	one, err := w.crm.CreatePipeline(t.Context(), p, "Way "+uuid.NewString())
	ok(t, err)
	return one
}

// toStage sends the id of a stage of the default pipeline, and more fields of JSON.
func toStage(name, more string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		return jsonBody(`{"stageId":"`+w.stage(t, name).String()+`"`+more+`}`)(t, w, b)
	}
}

// stage returns a stage of the owner's default pipeline.
func (w *world) stage(t *testing.T, name string) uuid.UUID {
	t.Helper()
	one, err := w.crm.Pipeline(t.Context(), w.principal(t, w.owner), uuid.Nil)
	ok(t, err)
	return one.Stages[slices.IndexFunc(one.Stages, func(s crm.Stage) bool { return s.Name == name })].ID
}

// kept are the rows of everybody whom an operation on a record refuses.
func kept(route string, path target, send body) []scenario {
	return []scenario{
		{route: route, name: "anonymous", path: path, send: send, status: unauthorized, wants: notSignedIn},
		{route: route, name: "no right", as: readKey, path: path, send: send, status: forbidden, wants: noRight},
		{route: route, name: "other tenant", as: otherKey, path: path, send: send, status: notFound, wants: nothing},
	}
}

// configured are those of an operation on a pipeline, which even a manager's key
// may not.
func configured(route string, path target, send body) []scenario {
	return []scenario{
		{route: route, name: "anonymous", path: path, send: send, status: unauthorized, wants: notSignedIn},
		{route: route, name: "no right", as: readKey, path: path, send: send, status: forbidden, wants: noRight},
		{route: route, name: "other tenant", as: asStranger, path: path, send: send, script: true, status: notFound, wants: nothing},
	}
}

var (
	oneAPIDeal = ofDeal(dealsPath+"/", "")
	moveAPI    = ofDeal(dealsPath+"/", "/move")
	winAPI     = ofDeal(dealsPath+"/", "/win")
	loseAPI    = ofDeal(dealsPath+"/", "/lose")
	restoreAPI = trashedDeal(dealsPath + "/")
	onePipe    = ofPipeline("")
	pipeStages = ofPipeline("/stages")
	aReason    = jsonBody(`{"reason":"Too dear","competitor":"Deccan Mills"}`)
	aStage     = jsonBody(`{"name":"Sample sent","probability":60}`)
	aPipeName  = jsonBody(`{"name":"Renamed"}`)
)

var dealAPIScenarios = slices.Concat(
	[]scenario{
		{route: "GET /api/v1/deals", name: "ok", as: withKey, path: func(t *testing.T, w *world) string {
			w.deal(t, w.owner, crm.DealInput{Name: "Xylophones", ExpectedClose: "2026-12-24"})
			return dealsPath + "?q=xylophones"
		}, status: okay, wants: []string{`"name":"Xylophones"`, `"expectedClose":"2026-12-24"`, `"stage":"Lead"`, `"probability":10`, `"ownProbability":null`, `"rotting":false`, `"total":1`}},
		{route: "GET /api/v1/deals", name: "anonymous", status: unauthorized, wants: notSignedIn},
		{route: "GET /api/v1/deals", name: "no right", as: readKey, status: forbidden, wants: noRight},
		{route: "GET /api/v1/deals", name: "other business", as: otherKey, path: at(dealsPath + "?q=xylophones"), status: okay, wants: []string{`"data":[]`}},
		{route: "GET /api/v1/deals", name: "invalid filter", as: withKey, path: at(dealsPath + "?filter=shoe:9"), status: badInput, wants: errorCode("INVALID_INPUT")},
		{route: "GET /api/v1/deals/export", name: "ok", as: withKey, status: okay, wants: []string{"\ufeffName,Value (paise),Pipeline"}, check: header("Content-Type", "text/csv; charset=utf-8")},
		{route: "GET /api/v1/deals/export", name: "anonymous", status: unauthorized, wants: notSignedIn},
		{route: "GET /api/v1/deals/export", name: "no right", as: readKey, status: forbidden, wants: noRight},
		{route: "POST /api/v1/deals", name: "ok", as: withKey, send: jsonBody(`{"name":"Looms","valuePaise":5,"ownProbability":60,"expectedClose":"2026-12-24"}`), status: 201, wants: []string{`"probability":60`, `"state":"open"`}},
		{route: "POST /api/v1/deals", name: "anonymous", send: jsonBody(`{"name":"Looms"}`), status: unauthorized, wants: notSignedIn},
		{route: "POST /api/v1/deals", name: "no right", as: readKey, send: jsonBody(`{"name":"Looms"}`), status: forbidden, wants: noRight},
		{route: "POST /api/v1/deals", name: "invalid", as: withKey, send: jsonBody(`{"name":" ","expectedClose":"2026-02-30"}`), status: unprocessable, wants: badValue},
		{route: "POST /api/v1/deals", name: "into a stage that is won", as: withKey, send: toStage("Won", `,"name":"Looms"`), status: unprocessable, wants: append(badValue, `"field":"stageId"`)},
		{route: "GET /api/v1/deals/:id", name: "ok", as: withKey, path: oneAPIDeal, status: okay, wants: []string{`"valuePaise":123456700`}},
		{route: "PATCH /api/v1/deals/:id", name: "ok", as: withKey, path: oneAPIDeal, send: jsonBody(`{"valuePaise":7,"source":null}`), status: okay, wants: []string{`"valuePaise":7`, `"source":""`, `"version":2`}},
		{route: "PATCH /api/v1/deals/:id", name: "invalid", as: withKey, path: oneAPIDeal, send: jsonBody(`{"valuePaise":-7}`), status: unprocessable, wants: badValue},
		{route: "PATCH /api/v1/deals/:id", name: "stale", as: withKey, path: oneAPIDeal, headers: []string{"If-Match", `"7"`}, send: jsonBody(`{"valuePaise":7}`), status: 412},
		{route: "DELETE /api/v1/deals/:id", name: "ok", as: withKey, path: oneAPIDeal, status: okay, wants: []string{`"deletedAt":"20`}},
		{route: "POST /api/v1/deals/:id/restore", name: "ok", as: withKey, path: restoreAPI, status: okay, wants: []string{`"deletedAt":null`}},
		{route: "POST /api/v1/deals/:id/restore", name: "invalid", as: withKey, path: restoreAPI, headers: []string{"If-Match", `"1","2"`}, status: badInput, wants: errorCode("INVALID_INPUT")},
		{route: "POST /api/v1/deals/:id/move", name: "ok", as: withKey, path: moveAPI, send: toStage("Proposal", ""), status: okay, wants: []string{`"stage":"Proposal"`, `"probability":50`}},
		{route: "POST /api/v1/deals/:id/move", name: "invalid", as: withKey, path: moveAPI, send: toStage("Lost", ""), status: unprocessable, wants: append(badValue, "Say why the deal was lost.")},
		{route: "POST /api/v1/deals/:id/win", name: "ok", as: withKey, path: winAPI, send: jsonBody(`{}`), status: okay, wants: []string{`"state":"won"`, `"closedAt":"20`}},
		{route: "POST /api/v1/deals/:id/win", name: "invalid", as: withKey, path: winAPI, send: jsonBody(`{"reason":7}`), status: unprocessable, wants: badValue},
		{route: "POST /api/v1/deals/:id/lose", name: "ok", as: withKey, path: loseAPI, send: aReason, status: okay, wants: []string{`"state":"lost"`, `"reason":"Too dear"`}},
		{route: "POST /api/v1/deals/:id/lose", name: "invalid", as: withKey, path: loseAPI, send: jsonBody(`{}`), status: unprocessable, wants: append(badValue, "Say why the deal was lost.")},

		{route: "GET /api/v1/pipelines", name: "ok", as: withKey, status: okay, wants: []string{`"name":"Sales"`, `"kind":"lost"`, `"rotDays":21`}},
		{route: "GET /api/v1/pipelines", name: "anonymous", status: unauthorized, wants: notSignedIn},
		{route: "GET /api/v1/pipelines", name: "no right", as: readKey, status: forbidden, wants: noRight},
		{route: "POST /api/v1/pipelines", name: "ok", as: asOwner, script: true, send: jsonBody(`{"name":"Export"}`), status: 201, wants: []string{`"name":"Negotiation"`}},
		{route: "POST /api/v1/pipelines", name: "anonymous", send: aPipeName, status: unauthorized, wants: notSignedIn},
		{route: "POST /api/v1/pipelines", name: "no right", as: asManager, script: true, send: aPipeName, status: forbidden, wants: noRight},
		{route: "POST /api/v1/pipelines", name: "invalid", as: asOwner, script: true, send: jsonBody(`{"name":" "}`), status: unprocessable, wants: badValue},
		{route: "GET /api/v1/pipelines/:id", name: "ok", as: asMember, path: onePipe, status: okay, wants: []string{`"kind":"won"`}},
		{route: "PATCH /api/v1/pipelines/:id", name: "ok", as: asOwner, script: true, path: onePipe, send: aPipeName, status: okay, wants: []string{`"name":"Renamed","stages"`, `"version":2`}},
		{route: "PATCH /api/v1/pipelines/:id", name: "invalid", as: asOwner, script: true, path: onePipe, send: jsonBody(`{"name":"SALES"}`), status: 409, wants: errorCode("ALREADY_EXISTS")},
		{route: "DELETE /api/v1/pipelines/:id", name: "ok", as: asOwner, script: true, path: onePipe, status: okay},
		{route: "POST /api/v1/pipelines/:id/stages", name: "ok", as: asOwner, script: true, path: pipeStages, send: aStage, status: okay, wants: []string{`"name":"Sample sent","kind":"open","probability":60`}},
		{route: "POST /api/v1/pipelines/:id/stages", name: "invalid", as: asOwner, script: true, path: pipeStages, send: jsonBody(`{"name":"lead","probability":5}`), status: 409, wants: errorCode("ALREADY_EXISTS")},
		{route: "PATCH /api/v1/pipelines/:id/stages/:stage", name: "ok", as: asOwner, script: true, path: ofStage, send: jsonBody(`{"position":2,"rotDays":3}`), status: okay, wants: []string{`"name":"Lead","kind":"open","probability":10,"rotDays":3`}},
		{route: "PATCH /api/v1/pipelines/:id/stages/:stage", name: "invalid", as: asOwner, script: true, path: ofStage, send: jsonBody(`{"probability":101}`), status: unprocessable, wants: badValue},
		{route: "DELETE /api/v1/pipelines/:id/stages/:stage", name: "ok", as: asOwner, script: true, path: ofStage, status: okay, lacks: []string{`"Lead"`}},
	},
	kept("GET /api/v1/deals/:id", oneAPIDeal, nil), kept("PATCH /api/v1/deals/:id", oneAPIDeal, jsonBody(`{"valuePaise":7}`)), kept("DELETE /api/v1/deals/:id", oneAPIDeal, nil),
	kept("POST /api/v1/deals/:id/restore", restoreAPI, nil), kept("POST /api/v1/deals/:id/move", moveAPI, toStage("Proposal", "")),
	kept("POST /api/v1/deals/:id/win", winAPI, aReason), kept("POST /api/v1/deals/:id/lose", loseAPI, aReason),
	configured("GET /api/v1/pipelines/:id", onePipe, nil), configured("PATCH /api/v1/pipelines/:id", onePipe, aPipeName), configured("DELETE /api/v1/pipelines/:id", onePipe, nil),
	configured("POST /api/v1/pipelines/:id/stages", pipeStages, aStage), configured("PATCH /api/v1/pipelines/:id/stages/:stage", ofStage, jsonBody(`{"rotDays":3}`)),
	configured("DELETE /api/v1/pipelines/:id/stages/:stage", ofStage, nil),
)
