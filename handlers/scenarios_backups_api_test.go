package handlers_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
)

const backupsAPI = "/api/v1/backups"

func ofAPIBackup(suffix string) target {
	return func(t *testing.T, w *world) string { return backupsAPI + "/" + w.vault.backup(t).String() + suffix }
}

func ofAPIBackupJob(state, suffix string) target {
	return func(t *testing.T, w *world) string {
		return backupsAPI + "/jobs/" + w.vault.job(t, state).String() + suffix
	}
}

var goneAPI = backupsAPI + "/" + uuid.Nil.String()

var backupAPIScenarios = backupAPIRows([]scenario{
	{route: "GET /api/v1/backups", name: "ok", as: asOperator, path: ofNothing(backupsAPI), status: okay, wants: []string{`"kind":"manual"`, `"verified":true`, `"drill":null`, `"meta":{"limit":25`}},
	{route: "GET /api/v1/backups", name: "invalid", as: asOperator, path: at(backupsAPI + "?limit=0&cursor=x"), status: unprocessable, wants: badValue},
	{route: "POST /api/v1/backups", name: "ok", as: asOperator, script: true, path: ofNothing(backupsAPI), send: jsonBody(`{}`), status: accepted, wants: []string{`"verb":"create"`, `"status":"queued"`, `"percent":null`}},
	{route: "POST /api/v1/backups", name: "twice", as: asOperator, script: true, path: func(t *testing.T, w *world) string { w.vault.job(t, "queued"); return backupsAPI }, send: jsonBody(`{}`), status: http.StatusLocked, wants: errorCode("RESOURCE_LOCKED")},
	{route: "POST /api/v1/backups", name: "invalid", as: asOperator, script: true, path: ofNothing(backupsAPI), send: jsonBody(`{"kind":"weekly"}`), status: unprocessable, wants: append(badValue, `"field":"kind"`)},
	{route: "POST /api/v1/backups", name: "session without a token", as: asOperator, path: ofNothing(backupsAPI), send: jsonBody(`{}`), status: forbidden, wants: errorCode("FORBIDDEN")},
	{route: "GET /api/v1/backups/jobs/:id", name: "ok", as: asOperator, path: ofAPIBackupJob("failed", ""), status: okay, wants: []string{`"status":"failed"`, `"message":"it <rained>"`}},
	{route: "GET /api/v1/backups/jobs/:id", name: "gone", as: asOperator, path: at(backupsAPI + "/jobs/" + uuid.Nil.String()), status: notFound, wants: nothing},
	{route: "GET /api/v1/backups/jobs/:id/events", name: "ok", as: asOperator, path: ofAPIBackupJob("failed", "/events?after=0"), status: okay, wants: []string{`restoring into a`}},
	{route: "GET /api/v1/backups/jobs/:id/events", name: "gone", as: asOperator, path: at(backupsAPI + "/jobs/" + uuid.Nil.String() + "/events"), status: notFound, wants: nothing},
	{route: "POST /api/v1/backups/rollback", name: "ok", as: asOperator, script: true, path: withUndo(backupsAPI + "/rollback"), send: jsonBody(`{"confirm":"roll back"}`), status: accepted, wants: []string{`"verb":"rollback"`}},
	{route: "POST /api/v1/backups/rollback", name: "invalid", as: asOperator, script: true, path: withUndo(backupsAPI + "/rollback"), send: jsonBody(`{"confirm":"yes"}`), status: unprocessable, wants: append(badValue, `"field":"confirm"`)},
	{route: "GET /api/v1/backups/window", name: "ok", as: asOperator, path: at(backupsAPI + "/window"), status: okay, wants: []string{`"archived":false`, `"spans":[]`, `"zone":"Asia/Kolkata"`}},
	{route: "POST /api/v1/backups/restore-to", name: "not set up", as: asOperator, script: true, path: at(backupsAPI + "/restore-to"), send: jsonBody(`{"moment":"2026-11-22T14:35:00+05:30","confirm":"restore"}`), status: unprocessable, wants: errorCode("BUSINESS_RULE_VIOLATION")},
	{route: "POST /api/v1/backups/restore-to", name: "invalid", as: asOperator, script: true, path: at(backupsAPI + "/restore-to"), send: jsonBody(`{"moment":"","confirm":""}`), status: unprocessable, wants: append(badValue, `"field":"confirm"`, `"field":"moment"`)},
	{route: "GET /api/v1/backups/:id", name: "ok", as: asOperator, path: ofAPIBackup(""), status: okay, wants: []string{`"kind":"manual"`, `"recipients":["age1`}},
	{route: "GET /api/v1/backups/:id", name: "gone", as: asOperator, path: at(goneAPI), status: notFound, wants: nothing},
	{route: "POST /api/v1/backups/:id/verify", name: "ok", as: asOperator, script: true, path: ofAPIBackup("/verify"), status: accepted, wants: []string{`"verb":"verify"`, `"backupId":"`}},
	{route: "POST /api/v1/backups/:id/verify", name: "invalid", as: asOperator, script: true, path: at(goneAPI + "/verify"), status: notFound, wants: nothing},
	{route: "POST /api/v1/backups/:id/drill", name: "ok", as: asOperator, script: true, path: ofAPIBackup("/drill"), send: jsonBody(`{}`), status: accepted, wants: []string{`"verb":"drill"`}},
	{route: "POST /api/v1/backups/:id/drill", name: "invalid", as: asOperator, script: true, path: ofAPIBackup("/drill"), send: jsonBody(`{"identity":"mine"}`), status: unprocessable, wants: append(badValue, `"field":"identity"`)},
	{route: "POST /api/v1/backups/:id/restore", name: "ok", as: asOperator, script: true, path: ofAPIBackup("/restore"), send: jsonBody(`{"confirm":"restore"}`), status: accepted, wants: []string{`"verb":"restore"`}},
	{route: "POST /api/v1/backups/:id/restore", name: "invalid", as: asOperator, script: true, path: ofAPIBackup("/restore"), send: jsonBody(`{"confirm":""}`), status: unprocessable, wants: append(badValue, `"field":"confirm"`)},
})

// backupAPIRows adds to the rows of each route those of everybody who may not.
func backupAPIRows(rows []scenario) []scenario {
	for _, s := range rows {
		if s.name == "ok" || s.name == "not set up" {
			rows = append(rows,
				scenario{route: s.route, name: "anonymous", path: s.path, send: s.send, status: unauthorized, wants: notSignedIn},
				scenario{route: s.route, name: "no right", as: asOwner, script: true, path: s.path, send: s.send, status: notFound, wants: nothing},
				scenario{route: s.route, name: "key", as: withKey, path: s.path, send: s.send, status: notFound, wants: nothing})
		}
	}
	return rows
}
