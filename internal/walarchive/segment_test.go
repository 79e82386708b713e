package walarchive

import (
	"testing"
	"time"
)

const size16 = 16 << 20

func TestNamesOfSegments(t *testing.T) {
	for name, number := range map[string]uint64{
		"000000010000000000000001": 1, "0000000100000000000000FF": 255, "000000010000000100000000": 256, "00000002000000010000000A": 266,
	} {
		p := parse(name, size16)
		if p.number != number || p.name(size16) != name {
			t.Errorf("%s is number %d and called %s", name, p.number, p.name(size16))
		}
	}
	if n, err := at("1/2000028", size16); err != nil || n != 258 {
		t.Errorf("1/2000028 is in %d, %v", n, err)
	}
	for _, name := range []string{"", "00000001000000000000000g", "000000010000000000000001.partial", "../000000010000000000000001"} {
		if isSegment(name) || isHistory(name) || parse(name, size16) != (position{}) {
			t.Errorf("%q is taken for a segment", name)
		}
	}
	if _, err := at("nonsense", size16); err == nil {
		t.Error("nonsense is taken for an address")
	}
}

func TestTheLogIsFollowed(t *testing.T) {
	have := func(ps ...position) map[position]bool {
		m := map[position]bool{}
		for _, p := range ps {
			m[p] = true
		}
		return m
	}
	for name, c := range map[string]struct {
		have      map[position]bool
		histories map[uint32]bool
		last      position
		lacks     position
	}{
		"to its end":           {have(position{1, 3}, position{1, 4}, position{1, 5}), nil, position{1, 5}, position{}},
		"to a gap":             {have(position{1, 3}, position{1, 4}, position{1, 6}), nil, position{1, 4}, position{1, 5}},
		"past a promotion":     {have(position{1, 3}, position{1, 4}, position{2, 4}, position{2, 5}), map[uint32]bool{2: true}, position{2, 5}, position{}},
		"between two segments": {have(position{1, 3}, position{2, 4}), map[uint32]bool{2: true}, position{2, 4}, position{}},
		"not without history":  {have(position{1, 3}, position{2, 4}), nil, position{1, 3}, position{1, 4}},
	} {
		r, ok := follow(position{1, 3}, c.have, c.histories)
		if !ok || r.last != c.last || r.lacks != c.lacks {
			t.Errorf("%s: %+v, %v", name, r, ok)
		}
	}
	if _, ok := follow(position{1, 2}, have(position{1, 3}), nil); ok {
		t.Error("it was followed from a segment that is not there")
	}
}

func TestAMomentOutsideIsExplained(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 22, hour, 0, 0, 0, time.UTC) }
	w := Window{Spans: []Span{{From: at(2), To: at(5), System: "1", Lacks: "000000010000000000000007"}, {From: at(8), To: at(10), System: "1"}}}
	for hour, says := range map[int]string{
		1:  "the archive begins at 22 November 2026, 02:00:00 UTC",
		6:  "there is a gap in the write-ahead log from 22 November 2026, 05:00:00 UTC, until 22 November 2026, 08:00:00 UTC: the segment 000000010000000000000007 is missing",
		10: "the archive ends at 22 November 2026, 10:00:00 UTC: what is newer is archived within about a minute",
	} {
		if w.Contains(at(hour)) || w.Explain(at(hour), time.UTC) != says {
			t.Errorf("%d: %v, %s", hour, w.Contains(at(hour)), w.Explain(at(hour), time.UTC))
		}
	}
	if !w.Contains(at(2)) || !w.Contains(at(9)) || (Window{}).Contains(at(2)) {
		t.Error("what it contains is wrong")
	}
}
