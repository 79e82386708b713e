package handlers_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/backup"
)

// ofBackup gives the address of a backup, and suffix.
func ofBackup(suffix string) target {
	return func(t *testing.T, w *world) string { return "/admin/backups/" + w.vault.backup(t).String() + suffix }
}

// ofBackupJob gives the address of a job in the state, and suffix.
func ofBackupJob(state, suffix string) target {
	return func(t *testing.T, w *world) string {
		return "/admin/backups/jobs/" + w.vault.job(t, state).String() + suffix
	}
}

// job makes a job that nobody works; queued, running without a process, or ended.
func (v *vault) job(t testing.TB, state string) uuid.UUID {
	t.Helper()
	v.backup(t)
	if state == backup.JobQueued {
		id, err := v.desk.Ask(t.Context(), backup.Request{Verb: backup.VerbCreate, Kind: backup.Manual, By: "Pooja Menon"})
		ok(t, err)
		return id
	}
	id := uuid.Must(uuid.NewV7())
	v.exec(t, "INSERT INTO job (id, verb, kind, state, problem, host, started_at, finished_at) VALUES ($1, 'drill', '', $2, 'it <rained>', 'here', now(), now())", id, state)
	v.exec(t, "INSERT INTO job_event (job_id, at, line) VALUES ($1, now(), 'restoring into a <scratch>')", id)
	return id
}

// withUndo makes a restore that can be rolled back.
func withUndo(path string) target {
	return func(t *testing.T, w *world) string {
		w.vault.backup(t)
		w.vault.exec(t, `INSERT INTO restore (id, backup_id, job_id, state, copy, previous, started_at, finished_at, rollback_until)
			VALUES ($1, $2, $3, 'DONE', 'a', 'b', now(), now(), now() + interval '7 days')`, uuid.Must(uuid.NewV7()), uuid.New(), uuid.New())
		return path
	}
}

// noUndo makes the last restore a failed one.
func noUndo(path string) target {
	return func(t *testing.T, w *world) string {
		w.vault.exec(t, "DELETE FROM restore")
		return path
	}
}

// file sends these bytes as the upload's file.
func file(data string) body {
	return func(t *testing.T, _ *world, b *browser) (string, string) { return uploadForm(t, b, []byte(data)) }
}

// withoutToken sends a file with a token that is nobody's.
func withoutToken(t *testing.T, w *world, _ *browser) (contentType, content string) {
	return uploadForm(t, &browser{w: w, csrf: "made up"}, []byte("x"))
}

// backupSettings are the form of the settings.
func backupSettings(clock, zone, days string) body {
	return form("on", "on", "time", clock, "zone", zone, "retention", days)
}

// guardedBackupRoute has everybody else find nothing at a route.
func guardedBackupRoute(route string, path target, send body) []scenario {
	return []scenario{
		{route: route, name: "anonymous", path: path, send: send, status: notFound, lacks: []string{"backup-"}},
		{route: route, name: "no right", as: asOwner, path: path, send: send, status: notFound, lacks: []string{"backup-"}},
		{route: route, name: "key", as: withKey, path: path, send: send, status: notFound},
	}
}

var gone = "/admin/backups/" + uuid.Nil.String()

var backupScenarios = backupRows(
	[]scenario{
		{route: "GET /admin/backups", name: "ok", as: asOperator, path: func(t *testing.T, w *world) string { w.vault.backup(t); return "/admin/backups" }, status: okay,
			wants: []string{"<!doctype html>", "Manual", "Verified", "The newest verified backup is", `action="/admin/backups"`}},
		{route: "POST /admin/backups", name: "ok", as: asOperator, path: ofNothing("/admin/backups"), send: form("kind", "pinned"), status: seeOther},
		{route: "POST /admin/backups", name: "invalid", as: asOperator, path: ofNothing("/admin/backups"), send: form("kind", "scheduled"), status: unprocessable},
		{route: "POST /admin/backups", name: "twice", as: asOperator, path: func(t *testing.T, w *world) string { w.vault.job(t, "queued"); return "/admin/backups" }, send: form("kind", "manual"), status: http.StatusLocked, wants: []string{"asked for already"}},
		{route: "POST /admin/backups/prune", name: "ok", as: asOperator, path: ofNothing("/admin/backups/prune"), send: form(), status: seeOther},
		{route: "POST /admin/backups/prune", name: "invalid", as: asOperator, path: at("/admin/backups/prune"), send: jsonBody("{}"), status: forbidden},

		{route: "GET /admin/backups/settings", name: "ok", as: asOperator, status: okay, wants: []string{`value="02:00"`, `value="Asia/Kolkata"`, `value="30"`, "age1"}},
		{route: "POST /admin/backups/settings", name: "ok", as: asOperator, send: backupSettings("03:30", "Europe/London", "60"), status: seeOther, check: location("/admin/backups/settings?done=saved")},
		{route: "POST /admin/backups/settings", name: "off", as: asOperator, send: form("time", "", "zone", "", "retention", "5"), status: seeOther},
		{route: "POST /admin/backups/settings", name: "invalid", as: asOperator, send: backupSettings("25:00", "Nowhere", "0"), status: unprocessable, wants: []string{`id="time-err"`, `id="zone-err"`, `id="retention-err"`, `value="Nowhere"`}},
		{route: "POST /admin/backups/settings/reset", name: "ok", as: asOperator, send: form(), status: seeOther},
		{route: "POST /admin/backups/settings/reset", name: "invalid", as: asOperator, send: jsonBody("{}"), status: forbidden},

		{route: "GET /admin/backups/moment", name: "ok", as: asOperator, status: okay, wants: []string{"Point in time is not set up"}, lacks: []string{`name="moment"`}},
		{route: "POST /admin/backups/moment", name: "not set up", as: asOperator, send: form("moment", "2026-11-22 14:35", "confirm", "restore"), status: unprocessable, wants: []string{"Point in time is not set up"}},
		{route: "POST /admin/backups/moment", name: "invalid", as: asOperator, send: form("moment", "", "confirm", "yes"), status: unprocessable},

		{route: "GET /admin/backups/upload", name: "ok", as: asOperator, status: okay, wants: []string{`enctype="multipart/form-data"`}},
		{route: "POST /admin/backups/upload", name: "ok", as: asOperator, send: downloaded, status: seeOther},
		{route: "POST /admin/backups/upload", name: "invalid", as: asOperator, send: file("no tar at all"), status: unprocessable, wants: []string{"The upload was refused: it is no tar file", `id="file-err"`}},
		{route: "POST /admin/backups/upload", name: "no form", as: asOperator, send: form("file", "x"), status: http.StatusUnsupportedMediaType},
		{route: "POST /admin/backups/upload", name: "no token", as: asOperator, send: apiUpload("x", map[string]string{"entity": "x"}), status: unprocessable},
		{route: "POST /admin/backups/upload", name: "wrong token", as: asOperator, send: withoutToken, status: forbidden, wants: []string{"This page is too old"}},

		{route: "GET /admin/backups/rollback", name: "ok", as: asOperator, path: withUndo("/admin/backups/rollback"), status: okay, wants: []string{"Type roll back to confirm"}},
		{route: "GET /admin/backups/rollback", name: "nothing to roll back", as: asOperator, path: noUndo("/admin/backups/rollback"), status: notFound},
		{route: "POST /admin/backups/rollback", name: "ok", as: asOperator, path: withUndo("/admin/backups/rollback"), send: form("confirm", " roll back "), status: seeOther},
		{route: "POST /admin/backups/rollback", name: "invalid", as: asOperator, path: withUndo("/admin/backups/rollback"), send: form("confirm", "yes"), status: unprocessable, wants: []string{`id="confirm-err"`}},

		{route: "GET /admin/backups/jobs", name: "ok", as: asOperator, path: func(t *testing.T, w *world) string { w.vault.job(t, "failed"); return "/admin/backups/jobs" }, status: okay, wants: []string{"Drill a backup", "Failed", "it &lt;rained&gt;"}},
		{route: "GET /admin/backups/jobs", name: "invalid", as: asOperator, path: at("/admin/backups/jobs?cursor=nonsense"), status: unprocessable},
		{route: "GET /admin/backups/jobs/:job", name: "ok", as: asOperator, path: ofBackupJob("failed", ""), status: okay, wants: []string{"Failed", "restoring into a &lt;scratch&gt;", "it &lt;rained&gt;"}, lacks: []string{"hx-sse:connect"}},
		{route: "GET /admin/backups/jobs/:job", name: "waiting", as: asOperator, path: ofBackupJob("queued", ""), status: okay, wants: []string{"Waiting for its turn", "hx-sse:connect", "/stop", "Refresh"}},
		{route: "GET /admin/backups/jobs/:job", name: "its process died", as: asOperator, path: ofBackupJob("running", ""), status: okay, wants: []string{"Interrupted"}},
		{route: "GET /admin/backups/jobs/:job", name: "part", as: asOperator, headers: htmx(), path: ofBackupJob("completed", ""), status: okay, wants: []string{"data-done"}, lacks: []string{"<html"}},
		{route: "GET /admin/backups/jobs/:job", name: "gone", as: asOperator, path: at("/admin/backups/jobs/" + uuid.Nil.String()), status: notFound},
		{route: "GET /admin/backups/jobs/:job/events", name: "ok", as: asOperator, path: ofBackupJob("completed", "/events"), status: okay, wants: []string{"retry: 2000", "id: ", "event: done"}, check: header("Content-Type", "text/event-stream")},
		{route: "GET /admin/backups/jobs/:job/events", name: "gone", as: asOperator, path: at("/admin/backups/jobs/" + uuid.Nil.String() + "/events"), status: notFound},
		{route: "POST /admin/backups/jobs/:job/stop", name: "ok", as: asOperator, path: ofBackupJob("queued", "/stop"), send: form(), status: seeOther},
		{route: "POST /admin/backups/jobs/:job/stop", name: "ended", as: asOperator, path: ofBackupJob("completed", "/stop"), send: form(), status: unprocessable, wants: []string{"nothing to stop"}},
		{route: "POST /admin/backups/jobs/:job/stop", name: "invalid", as: asOperator, path: at("/admin/backups/jobs/nonsense/stop"), send: form(), status: notFound},

		{route: "GET /admin/backups/:backup", name: "ok", as: asOperator, path: ofBackup(""), status: okay, wants: []string{" businesses, ", "Every byte was read and matched", "/download", "/restore"}},
		{route: "GET /admin/backups/:backup", name: "gone", as: asOperator, path: at(gone), status: notFound},
		{route: "GET /admin/backups/:backup", name: "invalid", as: asOperator, path: at("/admin/backups/nonsense"), status: notFound},
		{route: "GET /admin/backups/:backup/download", name: "ok", as: asOperator, path: ofBackup("/download"), status: okay, wants: []string{"manifest.json", "db.pgc.zst.age"}, check: header("Content-Type", "application/x-tar")},
		{route: "GET /admin/backups/:backup/download", name: "gone", as: asOperator, path: at(gone + "/download"), status: notFound},
		{route: "GET /admin/backups/:backup/restore", name: "ok", as: asOperator, path: ofBackup("/restore"), status: okay, wants: []string{"becomes the live data of every business: ", "kept beside the new one for 7 days", "Type restore to confirm", "was not restored in a drill"}},
		{route: "GET /admin/backups/:backup/restore", name: "gone", as: asOperator, path: at(gone + "/restore"), status: notFound},
		{route: "POST /admin/backups/:backup/restore", name: "ok", as: asOperator, path: ofBackup("/restore"), send: form("confirm", " restore "), status: seeOther},
		{route: "POST /admin/backups/:backup/restore", name: "invalid", as: asOperator, path: ofBackup("/restore"), send: form("confirm", "yes", "identity", "nonsense"), status: unprocessable, wants: []string{`id="confirm-err"`}},
		{route: "POST /admin/backups/:backup/restore", name: "wrong key", as: asOperator, path: ofBackup("/restore"), send: form("confirm", "restore", "identity", "nonsense"), status: unprocessable, wants: []string{`id="identity-err"`}},
		{route: "POST /admin/backups/:backup/drill", name: "ok", as: asOperator, path: ofBackup("/drill"), send: form(), status: seeOther},
		{route: "POST /admin/backups/:backup/drill", name: "invalid", as: asOperator, path: ofBackup("/drill"), send: form("identity", "nonsense"), status: unprocessable, wants: []string{`id="identity-err"`}},
		{route: "POST /admin/backups/:backup/drill", name: "gone", as: asOperator, path: at(gone + "/drill"), send: form(), status: notFound},
		{route: "POST /admin/backups/:backup/verify", name: "ok", as: asOperator, path: ofBackup("/verify"), send: form(), status: seeOther},
		{route: "POST /admin/backups/:backup/verify", name: "invalid", as: asOperator, path: at(gone + "/verify"), send: form(), status: notFound},
		{route: "POST /admin/backups/:backup/delete", name: "ok", as: asOperator, path: ofBackup("/delete"), send: form(), status: seeOther},
		{route: "POST /admin/backups/:backup/delete", name: "invalid", as: asOperator, path: at(gone + "/delete"), send: form(), status: notFound},
		{route: "POST /admin/backups/:backup/pin", name: "ok", as: asOperator, path: ofBackup("/pin"), send: form(), status: seeOther},
		{route: "POST /admin/backups/:backup/pin", name: "invalid", as: asOperator, path: at(gone + "/pin"), send: form(), status: notFound},
		{route: "POST /admin/backups/:backup/unpin", name: "ok", as: asOperator, path: ofBackup("/unpin"), send: form(), status: seeOther},
		{route: "POST /admin/backups/:backup/unpin", name: "invalid", as: asOperator, path: at(gone + "/unpin"), send: form(), status: notFound},
	})

// ofNothing gives an address while nothing is asked for.
func ofNothing(path string) target {
	return func(t *testing.T, w *world) string { w.vault.backup(t); return path }
}

// downloaded sends a backup that was downloaded and is gone since.
func downloaded(t *testing.T, w *world, b *browser) (contentType, content string) {
	made, err := w.vault.Create(t.Context(), backup.Safety)
	ok(t, err)
	a := w.as(t, w.operator).get(t, "/admin/backups/"+made.ID.String()+"/download")
	for _, name := range []string{"manifest.json", "objects.jsonl.zst.age", "db.pgc.zst.age"} {
		ok(t, w.vault.store.Delete(t.Context(), made.ID.String()+"/"+name))
	}
	return uploadForm(t, b, []byte(a.body))
}

// backupRows adds to the rows of each route those of everybody who may not.
func backupRows(rows []scenario) []scenario {
	seen := map[string]bool{}
	for _, s := range rows {
		if !seen[s.route] && s.name == "ok" {
			seen[s.route] = true
			path, send := s.path, s.send
			if s.route == "POST /admin/backups/upload" {
				send = file("x")
			}
			rows = append(rows, guardedBackupRoute(s.route, path, send)...)
		}
	}
	return append(rows, guardedBackupRoute("POST /admin/backups/moment", at("/admin/backups/moment"), form("moment", "2026-11-22 14:35", "confirm", "restore"))...)
}
