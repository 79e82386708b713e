// Package admin holds the pages of platform administrators: background jobs, businesses, backups, the cache, the installation's audit log.
package admin

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/internal/jobs"
	"payaid/internal/platform"
	"payaid/views/ui"
)

// JobsProps are what the list of jobs shows.
type JobsProps struct {
	Filter jobs.Filter
	Page   platform.JobPage
	CSRF   string
}

func (p JobsProps) filtered() bool { return p.Filter.State != "" || p.Filter.Kind != "" }

// JobsURL is the address of the list under a filter.
func JobsURL(f jobs.Filter) string {
	if q := jobsQuery(f); q != "" {
		return "/admin/jobs?" + q
	}
	return "/admin/jobs"
}

func jobsQuery(f jobs.Filter) string {
	q := url.Values{}
	set(q, "state", f.State)
	set(q, "kind", f.Kind)
	if f.Before > 0 {
		q.Set("before", strconv.FormatInt(f.Before, 10))
	}
	if f.After > 0 {
		q.Set("after", strconv.FormatInt(f.After, 10))
	}
	return q.Encode()
}

// liveURL is the address from which the list is read again while somebody looks at it.
func liveURL(f jobs.Filter) string {
	return "/admin/jobs?" + strings.TrimPrefix(jobsQuery(f)+"&live=1", "&")
}

func (p JobsProps) newerURL() string {
	if p.Page.Newer == 0 {
		return ""
	}
	return JobsURL(jobs.Filter{State: p.Filter.State, Kind: p.Filter.Kind, After: p.Page.Newer})
}

func (p JobsProps) olderURL() string {
	if p.Page.Older == 0 {
		return ""
	}
	return JobsURL(jobs.Filter{State: p.Filter.State, Kind: p.Filter.Kind, Before: p.Page.Older})
}

func jobURL(j platform.Job, verb string) string {
	return "/admin/jobs/" + strconv.FormatInt(j.ID, 10) + "/" + verb
}

var stateLabels = map[string]string{
	jobs.Running: "Running", jobs.Waiting: "Waiting", jobs.Retrying: "Will be tried again",
	jobs.Failed: "Failed", jobs.Cancelled: "Cancelled", jobs.Completed: "Completed",
}

func stateTone(state string) ui.Tone {
	switch state {
	case jobs.Running:
		return ui.ToneInfo
	case jobs.Retrying:
		return ui.ToneWarn
	case jobs.Failed:
		return ui.ToneDanger
	case jobs.Completed:
		return ui.ToneOK
	}
	return ui.ToneNeutral
}

func stateOptions() []ui.Option {
	out := []ui.Option{{Value: "", Label: "Any state"}}
	for _, s := range jobs.States {
		out = append(out, ui.Option{Value: s, Label: stateLabels[s]})
	}
	return out
}

// kindOptions are the kinds that the queue holds, and the one that is chosen.
func (p JobsProps) kindOptions() []ui.Option {
	kinds := p.Page.Kinds
	if p.Filter.Kind != "" && !slices.Contains(kinds, p.Filter.Kind) {
		kinds = append(slices.Clone(kinds), p.Filter.Kind)
	}
	out := []ui.Option{{Value: "", Label: "Any work"}}
	for _, k := range kinds {
		out = append(out, ui.Option{Value: k, Label: platform.About(k)})
	}
	return out
}

// attempts is "2 of 6", with nothing before the first.
func attempts(j platform.Job) string {
	if j.Attempt == 0 {
		return "none yet"
	}
	return strconv.Itoa(j.Attempt) + " of " + strconv.Itoa(j.MaxAttempts)
}

// BusinessesProps are what the list of businesses shows.
type BusinessesProps struct {
	Filter platform.BusinessFilter
	Page   platform.BusinessPage
	CSRF   string
	Own    uuid.UUID // the business in which the administrator is signed in
	Now    time.Time
}

// BusinessesURL is the address of the list under a filter.
func BusinessesURL(f platform.BusinessFilter) string {
	q := url.Values{}
	set(q, "q", f.Query)
	set(q, "after", f.After)
	set(q, "before", f.Before)
	if len(q) == 0 {
		return "/admin/tenants"
	}
	return "/admin/tenants?" + q.Encode()
}

func (p BusinessesProps) pageURL(f platform.BusinessFilter) string {
	if f == (platform.BusinessFilter{}) {
		return ""
	}
	f.Query = p.Filter.Query
	return BusinessesURL(f)
}

func set(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// BusinessForm is what the form of a new business shows.
type BusinessForm struct {
	platform.BusinessInput
	CSRF   string
	Errors []ui.FieldError
}

func (f BusinessForm) err(field string) string {
	for _, e := range f.Errors {
		if e.Field == field {
			return e.Message
		}
	}
	return ""
}

// AuditProps are what the audit log shows.
type AuditProps struct {
	Page  platform.AuditPage
	First bool // it is the first page
}

func auditURL(cursor string) string {
	if cursor == "" {
		return ""
	}
	return "/admin/audit?cursor=" + url.QueryEscape(cursor)
}

var actionLabels = map[string]string{
	"tenant.create": "Made a business", "tenant.suspend": "Suspended a business", "tenant.resume": "Resumed a business",
	"tenant.restore": "Restored a business", "backup.compare_business": "Asked to compare a business with a backup", "backup.restore_business": "Asked to restore a business",
	"tenant.close": "Closed the business", "tenant.reopen": "Reopened a business",
	"job.retry": "Started a job again", "job.cancel": "Cancelled a job",
	"backup.create": "Asked for a backup", "backup.verify": "Asked to verify a backup", "backup.drill": "Asked for a drill of a backup",
	"backup.restore": "Asked to restore a backup", "backup.rollback": "Asked to roll back a restore", "backup.prune": "Asked to forget old backups",
	"backup.delete": "Asked to delete a backup", "backup.stop": "Stopped a job of the backups", "backup.pin": "Pinned a backup", "backup.unpin": "Unpinned a backup",
	"backup.download": "Downloaded a backup", "backup.upload": "Uploaded a backup", "backup.alarm": "Told administrators about the backups",
	"backup.settings": "Changed the settings of the backups", "backup.settings_reset": "Let the environment's settings of the backups hold",
	"cache.clear_business": "Cleared the cache of a business", "cache.clear_all": "Cleared the whole cache",
	"user.create": "Made an account", "user.reset_password": "Set a new password", "user.sign_in": "Signed in",
	"user.unlink_identity": "Undid the sign-in by a provider",
}

func actionLabel(action string) string {
	if label, ok := actionLabels[action]; ok {
		return label
	}
	return action
}

// detail says in a few words what an entry is about.
func detail(e platform.AuditEntry) string {
	var after struct {
		Email string `json:"email"`
		Slug  string `json:"slug"`
		Job   int64  `json:"job"`
		Kind  string `json:"kind"`
		// of backups
		Schedule string `json:"schedule"`
		Days     int    `json:"retentionDays"`
		Says     string `json:"says"`
	}
	if json.Unmarshal(e.After, &after) != nil {
		return ""
	}
	switch {
	case after.Job > 0:
		return platform.About(after.Kind) + ", number " + strconv.FormatInt(after.Job, 10)
	case after.Says != "":
		return after.Says
	case after.Days > 0:
		return after.Schedule + ", " + strconv.Itoa(after.Days) + " days"
	case after.Email != "":
		return after.Email
	}
	return after.Slug
}
