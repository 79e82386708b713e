package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"
)

// What a line is measured against.
const (
	rawLimit = "raw"
	noLimit  = ""
)

// line is one row of the table: something that PayAid answers, beside the least that
// the same answer takes or beside another line.
type line struct {
	name    string
	aim     float64 // how many times its limit it may cost
	against string  // rawLimit or the name of another line
	cached  bool    // asked of the server that has its cache
	ours    request
	raw     request
	conns   []int // nil: all
}

const (
	keptList   = "list of 50 as JSON, from the cache"
	loadedList = "list of 50 as JSON, from the database"
)

// lines are the rows in the order of docs/performance.md. Those that write come last.
func (s *stage) lines() []line {
	list := "/api/v1/contacts?limit=50"
	sortedSearch := func(text string) (ours, raw request) {
		return s.get("/api/v1/contacts?limit=50&total=false&q=" + text), plainGet("/search/" + text)
	}
	common, rawCommon := sortedSearch(commonText)
	rare, rawRare := sortedSearch(rareText)
	return []line{
		{name: keptList, aim: 1.6, against: rawLimit, cached: true, ours: s.get(list), raw: plainGet("/kept")},
		{name: loadedList, aim: 1.8, against: rawLimit, ours: s.get(list + "&total=false"), raw: plainGet("/page")},
		{name: "the same with its capped total", aim: 1.2, against: loadedList, ours: s.get(list), conns: []int{32}},
		{name: "its deepest page", aim: 1.2, against: loadedList, ours: s.get(list + "&total=false&cursor=" + s.deepest), conns: []int{32}},
		{name: "one contact, from the database", aim: 1.8, against: rawLimit, cached: true, ours: s.one("/api/v1/contacts/"), raw: s.one("/one/")},
		{name: "search by a fragment that many names hold", aim: 0.5, against: rawLimit, ours: common, raw: rawCommon, conns: []int{1, 32}},
		{name: "search by a fragment that few hold", aim: 0.5, against: rawLimit, ours: rare, raw: rawRare, conns: []int{1, 32}},
		{name: "search by a mistyped name", against: noLimit, ours: s.get("/api/v1/contacts?limit=50&total=false&q=deshpadne"), conns: []int{1}},
		{name: "the whole HTML page of the list", aim: 2, against: keptList, cached: true, ours: s.page("/contacts"), conns: []int{32}},
		{name: "create a contact", aim: 5, against: rawLimit, cached: true, ours: s.create, raw: plainPost("/insert")},
	}
}

// The texts that are searched for: of one family name in 76, and of a few addresses.
const (
	commonText = "deshp"
	rareText   = "desai42"
)

func plainGet(path string) request {
	return func(_ int64, r *fasthttp.Request) { r.SetRequestURI(path) }
}

func plainPost(path string) request {
	return func(_ int64, r *fasthttp.Request) {
		r.SetRequestURI(path)
		r.Header.SetMethod(fasthttp.MethodPost)
	}
}

// get asks with the API key.
func (s *stage) get(path string) request {
	return func(_ int64, r *fasthttp.Request) {
		r.SetRequestURI(path)
		r.Header.Set("Authorization", "Bearer "+s.key)
	}
}

// one asks for one contact after the other.
func (s *stage) one(path string) request {
	return func(n int64, r *fasthttp.Request) {
		s.get(path+s.ids[n%int64(len(s.ids))])(n, r)
	}
}

// page asks as people's browsers do, in turn.
func (s *stage) page(path string) request {
	return func(n int64, r *fasthttp.Request) {
		r.SetRequestURI(path)
		r.Header.Set("Cookie", s.cookies[n%int64(len(s.cookies))])
	}
}

func (s *stage) create(_ int64, r *fasthttp.Request) {
	id := uuid.NewString()
	s.get("/api/v1/contacts")(0, r)
	r.Header.SetMethod(fasthttp.MethodPost)
	r.Header.SetContentType("application/json")
	r.Header.Set("Idempotency-Key", id)
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"firstName":"Ours","lastName":"Limit","email":"%s@ours.test","phone":"+919812345678","notes":"A note of some words."}`, id)
	r.SetBody(b.Bytes())
}

// figure is a line at one number of connections.
type figure struct {
	Name     string
	Conns    int
	Aim      float64
	Against  string
	Ours     side
	Limit    side
	Ratio    float64
	Contacts int
}

// side is what one server took.
type side struct {
	PerSecond                     float64
	P50, P99                      float64 // milliseconds
	Program, Postgres, Redis, CPU float64 // microseconds a request
}

func sideOf(l load) side {
	split, ms := func(d costs) (p, q, r float64) {
		return float64(d.program) / 1e3, float64(d.postgres) / 1e3, float64(d.redis) / 1e3
	}, 1e6
	p, q, r := split(l.cpu)
	return side{PerSecond: l.perSec, P50: float64(l.p50) / ms, P99: float64(l.p99) / ms, Program: p, Postgres: q, Redis: r, CPU: p + q + r}
}

// median is the load in the middle by what a request cost.
func median(loads []load) load {
	slices.SortFunc(loads, func(a, b load) int { return int(a.cpu.sum() - b.cpu.sum()) })
	return loads[len(loads)/2]
}
