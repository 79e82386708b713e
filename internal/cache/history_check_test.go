package cache

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"
)

// op is one read or write of a register as its caller saw it.
type op struct {
	write       bool
	key         int
	began, done int64 // Unix nanoseconds
	value       int64
}

// verdict counts what must not happen. The database orders the values of a
// register, so the history of one is linearizable if no read returns less than what
// was returned to anybody before it began.
type verdict struct {
	reads, writes int
	stale         int // reads of less than what an answered write had written
	nonlinear     int // reads of less than what somebody had been told; stale ones too
	worst         time.Duration
	example       string
}

func (v verdict) String() string {
	return fmt.Sprintf("%d reads, %d writes, %d stale after the answer of a write, %d non-linearizable, the oldest %s late; %s",
		v.reads, v.writes, v.stale, v.nonlinear, v.worst, v.example)
}

func judge(ops []op) (v verdict) {
	byKey := map[int][]op{}
	for _, o := range ops {
		byKey[o.key] = append(byKey[o.key], o)
	}
	for _, ops := range byKey {
		written := told(ops, func(o op) bool { return o.write })
		any := told(ops, func(op) bool { return true })
		for _, o := range ops {
			if o.write {
				v.writes++
				continue
			}
			v.reads++
			if o.value < atLeast(written, o.began) {
				v.stale++
			}
			if o.value >= atLeast(any, o.began) {
				continue
			}
			v.nonlinear++
			i := slices.IndexFunc(any, func(p op) bool { return p.value > o.value })
			if late := time.Duration(o.began - any[i].done); late > v.worst {
				v.worst = late
				v.example = fmt.Sprintf("register %d: %d was read after %d had been told", o.key, o.value, any[i].value)
			}
		}
	}
	return v
}

// told lists operations by when they were answered, each with the largest value
// told by then.
func told(ops []op, include func(op) bool) []op {
	var out []op
	for _, o := range ops {
		if include(o) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b op) int { return cmp.Compare(a.done, b.done) })
	for i := 1; i < len(out); i++ {
		out[i].value = max(out[i].value, out[i-1].value)
	}
	return out
}

// atLeast is the largest value told before t.
func atLeast(told []op, t int64) int64 {
	i, _ := slices.BinarySearchFunc(told, t, func(o op, t int64) int { return cmp.Compare(o.done, t) })
	if i == 0 {
		return 0
	}
	return told[i-1].value
}

func TestTheJudge(t *testing.T) {
	w := func(began, done, value int64) op { return op{write: true, began: began, done: done, value: value} }
	r := func(began, done, value int64) op { return op{began: began, done: done, value: value} }
	for name, c := range map[string]struct {
		ops              []op
		stale, nonlinear int
	}{
		"old while the write is not answered": {[]op{w(10, 20, 1), r(12, 13, 0), r(19, 21, 0)}, 0, 0},
		"old after the answer":                {[]op{w(10, 20, 1), r(21, 22, 0)}, 1, 1},
		"old after somebody read the new":     {[]op{w(10, 40, 1), r(12, 15, 1), r(16, 17, 0)}, 0, 1},
		"old beside somebody with the new":    {[]op{w(10, 40, 1), r(12, 15, 1), r(14, 17, 0)}, 0, 0},
		"another register":                    {[]op{w(10, 20, 1), {key: 1, began: 21, done: 22}}, 0, 0},
	} {
		if v := judge(c.ops); v.stale != c.stale || v.nonlinear != c.nonlinear {
			t.Errorf("%s: %s", name, v)
		}
	}
}
