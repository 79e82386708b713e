package admin

import (
	"time"

	"payaid/internal/platform"
	"payaid/views/ui"
)

// MomentProps are what the page of moments shows.
type MomentProps struct {
	Window platform.BackupWindow
	Moment string // as it was typed
	Errors []ui.FieldError
	CSRF   string
	Now    time.Time
}

// show is a moment to the second, in the zone of the installation.
func (p MomentProps) show(t time.Time) string {
	return t.In(p.Window.Zone).Format("2 January 2006, 15:04:05")
}

// example is the last minute that can be restored, as it is typed.
func (p MomentProps) example() string {
	last := p.Window.Spans[len(p.Window.Spans)-1]
	return last.To.Add(-time.Second).In(p.Window.Zone).Format("2006-01-02 15:04:05")
}
