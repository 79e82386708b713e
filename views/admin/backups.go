package admin

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/platform"
	"payaid/views/ui"
)

// BackupsProps are what the list of backups shows.
type BackupsProps struct {
	Backups platform.Backups
	CSRF    string
	Now     time.Time
}

// BackupProps are what the pages of one backup show.
type BackupProps struct {
	Backup backup.Backup
	Errors []ui.FieldError // of the form on the page
	CSRF   string
	Now    time.Time
}

// Title names the backup by its time.
func (p BackupProps) Title() string {
	if p.Backup.Err != nil {
		return "Backup that is not trusted"
	}
	return "Backup of " + ui.FormatDateTime(p.Backup.StartedAt)
}

// BackupJobsProps are what the history shows.
type BackupJobsProps struct {
	Page  platform.BackupJobPage
	First bool // it is the first page
}

// BackupJobProps are what the page of one job shows.
type BackupJobProps struct {
	Job    backup.Job
	Events []backup.Event
	CSRF   string
	Now    time.Time
}

// Title says what the job does.
func (p BackupJobProps) Title() string { return backupVerb(p.Job.Verb) }

// Version differs whenever the part of the page that changes does.
func (p BackupJobProps) Version() string {
	var last int64
	if n := len(p.Events); n > 0 {
		last = p.Events[n-1].ID
	}
	_, percent, _ := p.Job.Left(p.Now)
	return fmt.Sprintf("%d-%s-%d-%t", last, p.Job.State, percent, p.Job.Stopping)
}

// RollbackProps are what the page of the way back shows.
type RollbackProps struct {
	Restored backup.Restored
	Errors   []ui.FieldError
	CSRF     string
}

// BackupUploadProps are what the form of an upload shows.
type BackupUploadProps struct {
	CSRF   string
	Errors []ui.FieldError
}

// BackupSettingsProps are what the form of the settings shows.
type BackupSettingsProps struct {
	Settings   platform.BackupSettings
	Recipients []string
	Input      platform.BackupSettingsInput
	Errors     []ui.FieldError
	CSRF       string
}

// BackupSettingsForm is the form as the settings are now.
func BackupSettingsForm(s platform.BackupSettings) platform.BackupSettingsInput {
	in := platform.BackupSettingsInput{On: s.Now.Schedule.On(), Time: "02:00", Zone: "Asia/Kolkata", Retention: strconv.Itoa(s.Now.RetentionDays)}
	if in.On {
		in.Time, in.Zone, _ = strings.Cut(s.Now.Schedule.String(), " ")
	}
	return in
}

// zones are suggested; any other can be typed.
var zones = []string{"Asia/Kolkata", "Asia/Dubai", "Asia/Singapore", "Europe/London", "America/New_York", "UTC"}

// BackupURL is the address of one backup.
func BackupURL(id uuid.UUID) string { return "/admin/backups/" + id.String() }

// BackupJobURL is the address of one job of the backups.
func BackupJobURL(id uuid.UUID) string { return "/admin/backups/jobs/" + id.String() }

func backupJobsURL(cursor string) string {
	if cursor == "" {
		return ""
	}
	return "/admin/backups/jobs?cursor=" + cursor
}

var backupVerbs = map[backup.Verb]string{
	backup.VerbCreate: "Make a backup", backup.VerbVerify: "Verify a backup", backup.VerbDrill: "Drill a backup",
	backup.VerbRestore: "Restore a backup", backup.VerbRollback: "Roll back a restore", backup.VerbPrune: "Forget old backups",
	backup.VerbRestoreTo: "Restore a moment", "base backup": "Make a base backup",
	backup.VerbDelete: "Delete a backup", "scheduled": "Nightly backup",
	backup.VerbPlanTenant: "Compare a business", backup.VerbRestoreTenant: "Restore a business", "export tenant": "Export a business",
}

func backupVerb(v backup.Verb) string {
	if words, ok := backupVerbs[v]; ok {
		return words
	}
	return string(v)
}

var kindLabels = map[backup.Kind]string{
	backup.Scheduled: "Nightly", backup.Manual: "Manual", backup.Safety: "Safety", backup.Pinned: "Pinned", backup.PITR: "Moment", backup.Final: "Before a restore",
}

func kindLabel(b backup.Backup) string {
	label := kindLabels[b.Kind]
	if b.Kind == backup.PITR {
		label += " of " + ui.FormatDateTime(b.Snapshot.At)
	}
	if b.Pinned() && b.Kind != backup.Pinned {
		label += ", pinned"
	}
	return label
}

// proof says in a word what is known of a backup.
func proof(b backup.Backup) (words string, tone ui.Tone) {
	switch {
	case b.Err != nil:
		return "Not trusted", ui.ToneDanger
	case !b.Verified():
		return "Damaged", ui.ToneDanger
	case b.Proven():
		return "Restored in a drill", ui.ToneOK
	case b.Drill != nil:
		return "Drill failed", ui.ToneDanger
	}
	return "Verified", ui.ToneInfo
}

// verifiedAt is when every byte was last read.
func verifiedAt(b backup.Backup) time.Time {
	if b.Verify != nil && b.Verify.OK {
		return b.Verify.At
	}
	return b.VerifiedAt
}

func jobLabel(j backup.Job) (words string, tone ui.Tone) {
	switch j.State {
	case backup.JobQueued:
		return "Waiting", ui.ToneNeutral
	case backup.JobRunning:
		if j.Stopping {
			return "Stopping", ui.ToneWarn
		}
		return "Running", ui.ToneInfo
	case backup.JobCompleted:
		return "Completed", ui.ToneOK
	case backup.JobFailed:
		return "Failed", ui.ToneDanger
	case backup.JobInterrupted:
		return "Interrupted", ui.ToneWarn
	}
	return "Cancelled", ui.ToneNeutral
}

// askedBy says whose job it is.
func askedBy(j backup.Job) string {
	switch {
	case j.By != "":
		return j.By
	case j.Verb == "scheduled":
		return "Schedule"
	}
	return "Command line"
}

// took is how long a job took or has been at work.
func took(j backup.Job) string {
	if j.StartedAt == nil || j.FinishedAt == nil {
		return ""
	}
	return span(j.FinishedAt.Sub(*j.StartedAt))
}

// remaining is what a person reads beside the bar.
func (p BackupJobProps) remaining() string {
	left, _, known := p.Job.Left(p.Now)
	switch {
	case p.Job.State == backup.JobQueued:
		return "Waiting for its turn"
	case !known:
		return "No earlier one tells how long it takes"
	}
	return "About " + span(left) + " left"
}

func (p BackupJobProps) percent() int {
	_, percent, _ := p.Job.Left(p.Now)
	return percent
}

func (p BackupJobProps) total() int {
	if _, _, known := p.Job.Left(p.Now); known {
		return 100
	}
	return 0
}

// span is a duration in words: "850 ms", "12 s", "3 min 5 s", "2 h 10 min", "3 days".
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(max(d.Milliseconds(), 0), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatInt(int64(d.Seconds()), 10) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// ago is the age of something, roughly.
func ago(now, at time.Time) string {
	d := now.Sub(at)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// size is a number of bytes in the largest unit that leaves one digit before the point.
func size(n int64) string {
	value, unit := float64(n), "B"
	for _, next := range []string{"kB", "MB", "GB", "TB"} {
		if value < 1000 {
			break
		}
		value, unit = value/1000, next
	}
	if unit == "B" {
		return strconv.FormatInt(n, 10) + " B"
	}
	return strconv.FormatFloat(value, 'f', 1, 64) + " " + unit
}

// holds says whose data is in the backup.
func holds(b backup.Backup) string {
	rows := func(table, one, many string) string {
		n := b.Tables["public."+table].Rows
		if n == 1 {
			return "1 " + one
		}
		return number(n) + " " + many
	}
	return rows("tenants", "business", "businesses") + ", " + rows("users", "person", "people") + ", " + rows("contacts", "contact", "contacts")
}

// number is a count, which is never below nothing.
func number(n int64) string { return count(uint64(max(n, 0))) }

func rowsOfAll(b backup.Backup) int64 {
	var n int64
	for _, t := range b.Tables {
		n += t.Rows
	}
	return n
}

// fingerprint is enough of a public key to tell it from others.
func fingerprint(recipient string) string {
	if len(recipient) < 20 {
		return recipient
	}
	return recipient[:10] + "…" + recipient[len(recipient)-8:]
}

// clock is the second of a step in India.
func clock(t time.Time) string { return t.In(india).Format("15:04:05") }

// India has one zone and no summer time, so this needs no zone database.
var india = time.FixedZone("IST", 5*60*60+30*60)
