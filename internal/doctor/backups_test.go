package doctor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"payaid/internal/doctor"
)

func TestBackups(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		newest doctor.Backup
		err    error
		status doctor.Status
		says   string
	}{
		"none":     {status: doctor.Warn, says: "none yet"},
		"fresh":    {newest: doctor.Backup{Made: now.Add(-29 * time.Hour)}, status: doctor.OK, says: "2026-11-21 07:00 UTC, read back"},
		"proven":   {newest: doctor.Backup{Made: now, Proven: true}, status: doctor.OK, says: "restored in a drill"},
		"failed":   {newest: doctor.Backup{Made: now, Wrong: []string{"The last scheduled backup failed: disk full"}}, status: doctor.Warn, says: "disk full"},
		"old":      {newest: doctor.Backup{Made: now.Add(-31 * time.Hour), Proven: true}, status: doctor.Warn, says: "too long ago"},
		"no store": {err: errors.New("it burnt down"), status: doctor.Warn, says: "it burnt down"},
	} {
		p := doctor.Patient{
			BaseURL: "http://localhost:3000", Now: func() time.Time { return now },
			NewestBackup: func(context.Context) (doctor.Backup, error) { return tt.newest, tt.err },
		}
		f := doctor.Backups(t.Context(), p)
		if len(f) != 1 || f[0].Status != tt.status || !strings.Contains(f[0].Says, tt.says) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
