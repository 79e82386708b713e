package admin_test

import (
	"strings"
	"testing"
	"time"

	"payaid/internal/backup"
	"payaid/internal/platform"
	"payaid/views/admin"
	"payaid/views/layout"
	"payaid/views/ui"
)

// The page tells each moment in the zone of the installation, and offers a restore only
// where there is one to choose.
func TestThePageOfMoments(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 22, hour, 0, 0, 0, time.UTC) }
	zone := time.FixedZone("IST", 19800)
	gap := backup.Span{From: at(1), To: at(3), Lacks: "000000010000000000000007"}
	for name, c := range map[string]struct {
		window *backup.Window
		wants  []string
		lacks  []string
	}{
		"not set up":  {nil, []string{"Point in time is not set up"}, []string{`name="moment"`}},
		"nothing yet": {&backup.Window{}, []string{"No moment yet"}, []string{`name="moment"`}},
		"a gap": {&backup.Window{Spans: []backup.Span{gap, {From: at(5), To: at(6)}}, Bases: 2, Newest: at(5), Archived: at(6), Segments: 60, Bytes: 5_000_000, Untrusted: []string{"forged"}},
			[]string{"from 22 November 2026, 06:30:00 to 22 November 2026, 08:30:00", "has a gap", "Such as 2026-11-22 11:29:59", `name="moment"`, `value="yesterday"`, `id="moment-err"`, "Type restore to confirm", "2 base backups, 60 segments", "cannot be trusted: forged"}, nil},
	} {
		var out strings.Builder
		err := admin.MomentPage(layout.Props{Asset: func(name string) string { return name }}, admin.MomentProps{
			Window: platform.BackupWindow{Window: c.window, Zone: zone}, Now: at(7), Moment: "yesterday", Errors: []ui.FieldError{{Field: "moment", Message: "No."}},
		}).Render(t.Context(), &out)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.wants {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is not there", name, want)
			}
		}
		for _, lack := range c.lacks {
			if strings.Contains(out.String(), lack) {
				t.Errorf("%s: %q is there", name, lack)
			}
		}
	}
}
