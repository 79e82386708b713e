package walarchive

import (
	"fmt"
	"regexp"
	"strconv"
)

var (
	segmentName = regexp.MustCompile(`^[0-9A-F]{24}$`)
	historyName = regexp.MustCompile(`^[0-9A-F]{8}\.history$`)
)

func isSegment(name string) bool { return segmentName.MatchString(name) }
func isHistory(name string) bool { return historyName.MatchString(name) }

// position is where a segment stands: on a timeline, which begins anew with each
// promotion of a standby, and in the log.
type position struct {
	timeline uint32
	number   uint64
}

// xlogID is how much of the log shares the middle part of a segment's name, in bytes.
const xlogID = 1 << 32

// parse reads the name of a segment of that size; names that are none give zero.
func parse(name string, size int64) position {
	if !isSegment(name) || size <= 0 {
		return position{}
	}
	part := func(i int) uint64 {
		n, _ := strconv.ParseUint(name[i:i+8], 16, 32) // the pattern allows nothing else
		return n
	}
	return position{timeline: uint32(part(0)), number: part(8)*uint64(xlogID/size) + part(16)}
}

// name is the name of the segment.
func (p position) name(size int64) string {
	per := uint64(xlogID / size)
	return fmt.Sprintf("%08X%08X%08X", p.timeline, p.number/per, p.number%per)
}

// at is the number of the segment that an address of the log such as 0/2000028 is in.
func at(lsn string, size int64) (uint64, error) {
	var high, low uint64
	if _, err := fmt.Sscanf(lsn, "%X/%X", &high, &low); err != nil || size <= 0 {
		return 0, fmt.Errorf("%w: %.40q is no address of the write-ahead log", ErrDamaged, lsn)
	}
	return (high<<32 | low) / uint64(size), nil
}

// run is a part of the log without a gap, from one segment to another.
type run struct {
	first, last position
	// lacks is the segment after the last one, where later ones are archived; zero
	// where the log simply ends.
	lacks position
}

// follow walks from a segment as far as the log goes. After a promotion it goes on
// with the new timeline, whose first segment may be the old one's last again.
func follow(from position, have map[position]bool, histories map[uint32]bool) (run, bool) {
	newest := from
	for p := range have {
		if p.number > newest.number {
			newest = p
		}
	}
	r := run{first: from, last: from}
	if !have[from] {
		if newest != from {
			r.lacks = from
		}
		return r, false
	}
	for {
		next, ok := after(r.last, have, histories)
		if !ok {
			break
		}
		r.last = next
	}
	if r.last.number < newest.number {
		r.lacks = position{timeline: r.last.timeline, number: r.last.number + 1}
	}
	return r, true
}

func after(p position, have map[position]bool, histories map[uint32]bool) (position, bool) {
	if next := (position{p.timeline, p.number + 1}); have[next] {
		return next, true
	}
	var best position
	for timeline := range histories {
		if timeline <= p.timeline || best.timeline != 0 && timeline > best.timeline {
			continue
		}
		for _, number := range []uint64{p.number, p.number + 1} {
			if have[position{timeline, number}] {
				best = position{timeline, number}
				break
			}
		}
	}
	return best, best.timeline != 0
}
