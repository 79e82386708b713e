package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"payaid/internal/crm"
)

// A view shows its own columns; others, chosen while it is open, are the view's too and
// are kept when it is saved, not before, and never as the person's own.
func TestAViewHasColumnsOfItsOwn(t *testing.T) {
	w := newWorld(t)
	owner := w.as(t, w.owner)
	w.company(t, w.owner, crm.CompanyInput{Name: "Rao Traders"})
	owner.get(t, "/companies").lacks(t, `value="gstin" checked`)

	made := owner.post(t, "/companies/views", url.Values{"name": {"Tax"}, "columns": {"gstin,phone"}, "density": {"compact"}})
	view := made.header.Get("Location")
	shown := owner.get(t, view)
	shown.is(t, http.StatusOK)
	shown.wants(t, `value="gstin" checked`, `data-density="compact"`)
	shown.lacks(t, "Changed, not saved")

	id := strings.TrimPrefix(view, "/companies?view=")
	chosen := owner.post(t, "/companies/settings", url.Values{"view": {id}, "column": {"industry"}, "density": {"comfortable"}, "size": {"50"}})
	open := chosen.header.Get("Location")
	changed := owner.get(t, open)
	changed.wants(t, "Changed, not saved", `value="industry" checked`, `data-density="comfortable"`)
	owner.get(t, view).wants(t, `data-density="compact"`) // not saved yet

	owner.post(t, "/companies/views/"+id, url.Values{"version": {"1"}, "columns": {"industry"}, "density": {"comfortable"}}).is(t, http.StatusSeeOther)
	saved := owner.get(t, view)
	saved.wants(t, `value="industry" checked`, `data-density="comfortable"`)
	saved.lacks(t, "Changed, not saved")
	owner.get(t, "/companies?view=all").wants(t, `value="employees" checked`) // the person's own columns are as they were
}
