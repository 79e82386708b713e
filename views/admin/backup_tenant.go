package admin

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/platform"
	"payaid/views/ui"
)

// BackupTenantProps are what the restore of one business shows.
type BackupTenantProps struct {
	Source        platform.TenantSource
	Slug          string   // as it was typed
	Suggestions   []string // short names
	Compared      *platform.Compared
	Events        []backup.Event // the last steps of its job
	Plan, Job     uuid.UUID
	Mode          backup.TenantMode // as it was chosen
	Chosen        []string          // tables; all that differ before somebody chose
	CompareErrors []ui.FieldError
	RestoreErrors []ui.FieldError
	CSRF          string
}

// BackupTenantURL is the page of a restore of one business: the choice of it with
// uuid.Nil, else a comparison, with the job that restores it if there is one.
func BackupTenantURL(source, plan, job uuid.UUID) string {
	q := url.Values{}
	if plan != uuid.Nil {
		q.Set("plan", plan.String())
	}
	if job != uuid.Nil {
		q.Set("job", job.String())
	}
	address := "/admin/backups/" + source.String() + "/tenants"
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	return address
}

func (p BackupTenantProps) url() string { return BackupTenantURL(p.Source.ID, p.Plan, p.Job) }

func (p BackupTenantProps) action(verb string) string {
	return "/admin/backups/" + p.Source.ID.String() + "/tenants/" + verb
}

// waits reports whether the page is to be read again by itself.
func (p BackupTenantProps) waits() bool { return p.Compared != nil && !p.Compared.Job.Done() }

// failure is why the comparison or restore came to nothing, or "".
func (p BackupTenantProps) failure() string {
	if p.Compared == nil || !p.Compared.Job.Done() || p.Compared.Job.State == backup.JobCompleted {
		return ""
	}
	if p.Compared.Job.Problem == "" {
		return "It was stopped."
	}
	return p.Compared.Job.Problem
}

func (p BackupTenantProps) waitingFor() string {
	if p.Job != uuid.Nil {
		return "Restoring"
	}
	return "Comparing"
}

// mayRestore reports whether the form that restores is shown.
func (p BackupTenantProps) mayRestore() bool {
	return p.Compared != nil && p.Compared.Plan != nil && p.Compared.Report == nil && p.Compared.Job.Done() && p.Compared.Plan.Differs()
}

func differs(t backup.TableDifference) bool { return t.Missing+t.Trashed+t.Changed+t.Added > 0 }

func (p BackupTenantProps) chosen(table string) bool {
	return len(p.Chosen) == 0 || slices.Contains(p.Chosen, table)
}

var modeOptions = []ui.Option{
	{Value: string(backup.BringBack), Label: "Only bring back what is missing"},
	{Value: string(backup.AsItWas), Label: "As it was: also undo changes, and put what is new into the trash"},
}

var rowStates = map[string]string{"missing": "gone", "trashed": "in the trash", "changed": "changed", "added": "new"}

// words makes the name of a table or column readable.
func words(name string) string {
	text := strings.ReplaceAll(strings.TrimSuffix(name, "_id"), "_", " ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func sampleText(s backup.Sample) string {
	if len(s.Columns) == 0 {
		return s.Title
	}
	named := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		named[i] = strings.ToLower(words(c))
	}
	return s.Title + " (" + strings.Join(named, ", ") + ")"
}

// found says how the rows of one table differ.
func found(t backup.TableDifference) string {
	return inWords([]part{{t.Missing, "gone"}, {t.Trashed, "in the trash"}, {t.Changed, "changed"}, {t.Added, "new"}, {t.Same, "the same"}}, "none")
}

// part is a number and what it counts.
type part struct {
	n    int64
	what string
}

// inWords names the parts that are not 0, or says nothing.
func inWords(parts []part, nothing string) string {
	var out []string
	for _, p := range parts {
		if p.n > 0 {
			out = append(out, strconv.FormatInt(p.n, 10)+" "+p.what)
		}
	}
	if len(out) == 0 {
		return nothing
	}
	return strings.Join(out, ", ")
}

// counted says what was done to one table.
func counted(t backup.TableResult) string {
	return inWords([]part{
		{t.Inserted, "brought back"}, {t.Undeleted, "taken out of the trash"}, {t.Reverted, "as they were"}, {t.Trashed, "put into the trash"},
		{t.Kept, "left as they are"}, {t.Clashes, "could not be restored"}, {t.Detached, "lost a reference to what is gone"},
	}, "nothing to do")
}
