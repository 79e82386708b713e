package list

import (
	"strconv"
	"strings"

	"payaid/internal/bulk"
	"payaid/views/ui"
)

// Progress is the id of the place where a list shows how a bulk action is going.
const Progress = "bulk-progress"

// BulkProps describe the form around the table of a list.
type BulkProps struct {
	Action string // where it posts
	Export string // posts the same form there, for a file; "" for none
	CSRF   string
	Noun   string      // the records in the plural: "contacts"
	List   [][2]string // names and values that say which list this is, sent along
	Rows   int         // on this page
	Total  int         // in the whole list
	Capped bool        // there are more than Total
	Menus  []Menu
	Delete bool // deleting is offered
}

// Menu offers the values of one action; a menu without choices asks for tags.
type Menu struct {
	Key     string // makes its id: "stage"
	Label   string
	Icon    ui.IconName
	Choices []ui.Option // Value is what the button sends: "set-stage:customer"
}

// all is how many records the whole list has, in words.
func (p BulkProps) all() string {
	if p.Capped {
		return Group(int64(p.Total)) + "+"
	}
	return Group(int64(p.Total))
}

// Group writes a number with its thousands apart.
func Group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Summary says how a bulk action went.
func Summary(r bulk.Run) string { return bulk.Summary(r.Entity, r.Counts, r.Undoes != nil) }

// Outcome is the report of a bulk action that has ended, with the way back. why is the reason of a record that was left out, or
// "".
func Outcome(r bulk.Run, why, csrf string) ui.ToastProps {
	t := ui.ToastProps{Kind: ui.ToastSuccess, Title: Summary(r), Text: why, CSRF: csrf}
	switch {
	case r.Message != "":
		t.Kind, t.Title, t.Text = ui.ToastError, "Not everything was done.", r.Message
	case r.Counts.Done == 0 && r.Counts.Total > 0:
		t.Kind = ui.ToastInfo
	}
	if r.UndoUntil != nil {
		t.Undo = undoURL(r)
	}
	if r.Counts.Failed+r.Counts.Skipped > 1 {
		t.More = RunURL(r)
	}
	return t
}

// RunURL is the page of a bulk action.
func RunURL(r bulk.Run) string { return "/bulk/" + r.ID.String() }

func undoURL(r bulk.Run) string { return RunURL(r) + "/undo" }

// title says what a bulk action does.
func title(r bulk.Run) string {
	if r.Undoes != nil {
		return "Undo a bulk action"
	}
	switch r.Action {
	case "assign":
		return "Assign " + r.Entity
	case "add-tags":
		return "Add to " + r.Entity + ": " + strings.Join(r.Value.Tags, ", ")
	case "remove-tags":
		return "Remove from " + r.Entity + ": " + strings.Join(r.Value.Tags, ", ")
	case "set-stage":
		return "Set the stage of " + r.Entity + ": " + r.Value.Stage
	case "set-status":
		return "Set the status of " + r.Entity + ": " + r.Value.Status
	case "set-type":
		return "Set the type of " + r.Entity + ": " + r.Value.Type
	case "delete":
		return "Delete " + r.Entity
	case "restore":
		return "Restore " + r.Entity
	}
	return "Bulk action on " + r.Entity
}

func state(r bulk.Run) (string, ui.Tone) {
	switch {
	case r.Status == "failed":
		return "Stopped", ui.ToneDanger
	case r.Ended():
		return "Finished", ui.ToneOK
	}
	return "Running", ui.ToneInfo
}

// figure is one count below a bulk action.
type figure struct {
	label string
	n     int64
	tone  ui.Tone
}

func figures(r bulk.Run) []figure {
	done := "Changed"
	if r.Undoes != nil {
		done = "Put back"
	}
	return []figure{{done, r.Counts.Done, ui.ToneOK}, {"Skipped", r.Counts.Skipped, ui.ToneWarn}, {"Failed", r.Counts.Failed, ui.ToneDanger}}
}

func worked(r bulk.Run) int { return int(r.Counts.Done + r.Counts.Skipped + r.Counts.Failed) }

// recordURL is the page of a record of the run.
func recordURL(r bulk.Run, p bulk.Problem) string { return "/" + r.Entity + "/" + p.RecordID.String() }
