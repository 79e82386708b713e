package walarchive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/internal/blob"
)

// Span is a time every moment of which can be recovered, from From on and before To.
type Span struct {
	From   time.Time
	To     time.Time
	System string // identifier of the cluster
	// Lacks is the segment after the last one, where the log goes on behind a gap; ""
	// where it simply ends.
	Lacks string
}

// Window is what can be recovered.
type Window struct {
	Spans []Span // oldest first
	// Bases counts the base backups, and Newest is when the newest one was finished.
	Bases  int
	Newest time.Time
	// Archived is when the newest segment was stored; zero when there is none.
	Archived time.Time
	Segments int
	Bytes    int64 // everything stored
	// Lacks is a segment without which a base backup is of no use, although later ones
	// are archived; "" for none.
	Lacks string
	// Untrusted are the base backups whose manifest was not written here, or changed.
	Untrusted []string
}

// Contains reports whether t can be recovered.
func (w Window) Contains(t time.Time) bool {
	return slices.ContainsFunc(w.Spans, func(s Span) bool { return !t.Before(s.From) && t.Before(s.To) })
}

// Explain says in one sentence why t cannot be recovered, in the zone of people.
func (w Window) Explain(t time.Time, zone *time.Location) string {
	show := func(t time.Time) string { return t.In(zone).Format("2 January 2006, 15:04:05 MST") }
	switch {
	case len(w.Spans) == 0 && w.Lacks != "":
		return "no moment can be recovered before the next base backup: the segment " + w.Lacks + " is missing in the write-ahead log"
	case len(w.Spans) == 0:
		return "no moment can be recovered yet: there is no base backup with the write-ahead log that it needs"
	}
	if first := w.Spans[0]; t.Before(first.From) {
		return "the archive begins at " + show(first.From)
	}
	for i, s := range w.Spans {
		if t.Before(s.To) {
			return w.explainGap(w.Spans[i-1], "until "+show(s.From), show)
		}
	}
	last := w.Spans[len(w.Spans)-1]
	if last.Lacks != "" {
		return w.explainGap(last, "and the next base backup is not made yet", show)
	}
	return "the archive ends at " + show(last.To) + ": what is newer is archived within about a minute"
}

func (w Window) explainGap(before Span, until string, show func(time.Time) string) string {
	lacks := "the log of another server follows"
	if before.Lacks != "" {
		lacks = "the segment " + before.Lacks + " is missing"
	}
	return fmt.Sprintf("there is a gap in the write-ahead log from %s, %s: %s", show(before.To), until, lacks)
}

// route is a base backup and how far the log leads from it.
type route struct {
	base Base
	run  run
	to   time.Time
}

// content is what the store holds of one server.
type content struct {
	segments  map[string]bool
	positions map[position]bool
	histories map[uint32]bool
	bases     []Base
}

// Window looks at what is archived.
func (a *Archive) Window(ctx context.Context) (Window, error) {
	w, _, err := a.look(ctx)
	return w, err
}

// look lists the store and finds the routes through it, oldest first.
func (a *Archive) look(ctx context.Context) (Window, []route, error) {
	var w Window
	all, err := a.scan(ctx, &w)
	if err != nil {
		return w, nil, err
	}
	var routes []route
	for _, c := range all {
		for _, b := range c.bases {
			w.Bases++
			if b.FinishedAt.After(w.Newest) {
				w.Newest = b.FinishedAt
			}
			r, ok, err := a.route(ctx, c, b)
			if err != nil {
				return w, nil, err
			}
			if ok {
				routes = append(routes, r)
			} else if r.run.lacks != (position{}) {
				w.Lacks = r.run.lacks.name(b.SegmentSize)
			}
		}
	}
	slices.SortFunc(routes, func(x, y route) int { return x.base.FinishedAt.Compare(y.base.FinishedAt) })
	for _, r := range routes {
		w.add(r)
	}
	return w, routes, nil
}

// add joins what one route reaches with the span before it.
func (w *Window) add(r route) {
	s := Span{From: r.base.FinishedAt, To: r.to, System: r.base.System}
	if r.run.lacks != (position{}) {
		s.Lacks = r.run.lacks.name(r.base.SegmentSize)
	}
	if n := len(w.Spans); n > 0 && w.Spans[n-1].System == s.System && !s.From.After(w.Spans[n-1].To) {
		if s.To.After(w.Spans[n-1].To) {
			w.Spans[n-1].To, w.Spans[n-1].Lacks = s.To, s.Lacks
		}
		return
	}
	w.Spans = append(w.Spans, s)
}

// route follows the log from a base backup; false when it cannot be used (yet).
func (a *Archive) route(ctx context.Context, c *content, b Base) (route, bool, error) {
	c.place(b.SegmentSize)
	found, ok := follow(parse(b.First, b.SegmentSize), c.positions, c.histories)
	r := route{base: b, run: found}
	if !ok || found.last.number < parse(b.Last, b.SegmentSize).number {
		return r, false, nil
	}
	// A segment without a commit tells no time: then the one before it does.
	for p := found.last; p.number >= found.first.number && r.to.IsZero(); p.number-- {
		d, err := a.describe(ctx, segmentKey(b.System, p.name(b.SegmentSize)))
		if errors.Is(err, ErrMissing) {
			continue // it has this number on another timeline
		}
		if err != nil {
			return r, false, err
		}
		r.to = d.Last
	}
	return r, r.to.After(b.FinishedAt), nil
}

// place finds the positions of the segments, once.
func (c *content) place(size int64) {
	if c.positions != nil {
		return
	}
	c.positions = make(map[position]bool, len(c.segments))
	for name := range c.segments {
		c.positions[parse(name, size)] = true
	}
}

// scan lists the store, by server.
func (a *Archive) scan(ctx context.Context, w *Window) (map[string]*content, error) {
	all, listed := map[string]*content{}, map[string][]uuid.UUID{}
	err := a.o.Store.List(ctx, "", func(info blob.Info) error {
		w.Bytes += info.Size
		system, rest, _ := strings.Cut(info.Key, "/")
		if all[system] == nil {
			all[system] = &content{segments: map[string]bool{}, histories: map[uint32]bool{}}
		}
		c := all[system]
		folder, name, _ := strings.Cut(rest, "/")
		switch {
		case folder == "wal" && isSegment(name):
			c.segments[name] = true
			w.Segments++
			if info.Modified.After(w.Archived) {
				w.Archived = info.Modified
			}
		case folder == "wal" && isHistory(name):
			c.histories[parse(name[:8]+"0000000000000000", 1<<24).timeline] = true
		case folder == "base" && strings.HasSuffix(name, "/"+baseManifest):
			if id, err := uuid.Parse(strings.TrimSuffix(name, "/"+baseManifest)); err == nil {
				listed[system] = append(listed[system], id)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the archive: %w", err)
	}
	for system, ids := range listed {
		for _, id := range ids {
			b, err := a.base(ctx, system, id)
			switch {
			case errors.Is(err, ErrMissing): // deleted meanwhile
			case err != nil:
				w.Untrusted = append(w.Untrusted, fmt.Sprintf("%s: %v", id, err))
			default:
				all[system].bases = append(all[system].bases, b)
			}
		}
	}
	return all, nil
}

// find returns the newest base backup from which the log leads to t.
func (a *Archive) find(ctx context.Context, t time.Time, zone *time.Location) (route, error) {
	w, routes, err := a.look(ctx)
	if err != nil {
		return route{}, err
	}
	for _, r := range slices.Backward(routes) {
		if !t.Before(r.base.FinishedAt) && t.Before(r.to) {
			return r, nil
		}
	}
	return route{}, fmt.Errorf("%w: %s", ErrOutside, w.Explain(t, cmp.Or(zone, time.UTC)))
}
