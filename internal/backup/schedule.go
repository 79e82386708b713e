package backup

import (
	"fmt"
	"strings"
	"time"
)

// Schedule is one time of day in one zone. The zero value is off.
type Schedule struct {
	hour, minute int
	zone         *time.Location
}

// ParseSchedule reads "02:00 Asia/Kolkata", or "off".
func ParseSchedule(text string) (Schedule, error) {
	if text == "off" {
		return Schedule{}, nil
	}
	clock, zone, _ := strings.Cut(strings.TrimSpace(text), " ")
	at, err := time.Parse("15:04", clock)
	if err != nil {
		return Schedule{}, fmt.Errorf("%q is not a time of day and a zone, such as 02:00 Asia/Kolkata, nor off", text)
	}
	loc, err := time.LoadLocation(strings.TrimSpace(zone))
	if err != nil || zone == "" || zone == "Local" {
		return Schedule{}, fmt.Errorf("%q names no time zone, such as Asia/Kolkata", text)
	}
	return Schedule{hour: at.Hour(), minute: at.Minute(), zone: loc}, nil
}

// On reports whether there is a schedule at all.
func (s Schedule) On() bool { return s.zone != nil }

// String is the text that ParseSchedule reads.
func (s Schedule) String() string {
	if !s.On() {
		return "off"
	}
	return fmt.Sprintf("%02d:%02d %s", s.hour, s.minute, s.zone)
}

// Latest is the last date whose time has come, as midnight in UTC. Each date has
// one time, also when clocks are changed: one that does not exist moves by the
// hour that is missing, one that comes twice counts once.
func (s Schedule) Latest(now time.Time) time.Time {
	local := now.In(s.zone)
	y, m, d := local.Date()
	if time.Date(y, m, d, s.hour, s.minute, 0, 0, s.zone).After(now) {
		d--
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
