package e2e

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/jackc/pgx/v5"
)

// A backup is made, followed, drilled and restored by clicks alone, in a copy of the
// program of its own: a restore signs everybody out.
func TestABackupIsMadeProvenAndRestored(t *testing.T) {
	p, err := start(filepath.Join(t.TempDir(), "data"), "PAYAID_DEMO=true")
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	tb := newTab(t, "401", "422", "503")
	signIn := func() {
		t.Helper()
		for form := false; !form; { // right after a restore a page may say that it will be right back
			tb.visit(p.base + "/login")
			tb.do(chromedp.Evaluate(`!!document.querySelector('input[name=email]')`, &form))
		}
		tb.fill(`input[name=email]`, "owner@demo.test")
		tb.fill(`input[name=password]`, "demo-payaid")
		tb.click(`main form [type=submit], main form button:not([type=button])`)
		tb.wait(`location.pathname === '/contacts' && document.readyState === 'complete'`)
	}
	ended := func() {
		t.Helper()
		tb.wait(`document.querySelector('[data-done]')`)
		tb.wait(`/Completed/.test(document.querySelector('#job').textContent)`)
	}
	signIn()
	tb.visit(p.base + "/admin/backups")
	tb.wait(`/No backups yet/.test(document.body.textContent)`)
	tb.clickText("Make a backup now")
	tb.wait(`location.pathname.startsWith('/admin/backups/jobs/')`)
	ended() // by events, without loading the page again
	tb.wait(`document.querySelectorAll('.backup-steps li').length >= 4 && getComputedStyle(document.querySelector('.backup-stop') ?? document.head).display === 'none'`)
	tb.axe("a job that ended")

	tb.clickText("To the backup")
	tb.wait(`/Every byte was read/.test(document.body.textContent)`)
	var at string
	tb.do(chromedp.Evaluate(`location.pathname`, &at))
	tb.clickText("Drill")
	ended()
	tb.visit(p.base + at)
	tb.wait(`/Restored in a drill/.test(document.querySelector('.backup-title').textContent)`)
	tb.axe("a proven backup")

	// What is entered now is not in the backup.
	tb.visit(p.base + "/contacts/new")
	tb.fill(`[name=firstName]`, "Tooyoung")
	tb.click(`main form [type=submit], main form button:not([type=button])`)
	tb.wait(`/Tooyoung/.test(document.querySelector('h1')?.textContent)`)

	tb.visit(p.base + at + "/restore")
	tb.axe("before a restore")
	tb.fill(`[name=confirm]`, "no")
	tb.clickText("Restore this backup")
	tb.wait(`/Type restore to/.test(document.querySelector('#confirm-err')?.textContent)`)
	tb.fill(`[name=confirm]`, "restore")
	tb.clickText("Restore this backup")
	tb.wait(`location.pathname.startsWith('/admin/backups/jobs/')`)
	var job string
	tb.do(chromedp.Evaluate(`location.pathname`, &job))
	waitForJob(t, p, job)
	signIn()
	tb.visit(p.base + job)
	ended()
	tb.visit(p.base + "/contacts?q=" + url.QueryEscape("Tooyoung"))
	tb.wait(`/No contact/.test(document.body.textContent) && !/Tooyoung/.test(document.querySelector('#results')?.textContent)`)

	tb.visit(p.base + "/admin/backups")
	tb.wait(`/A backup was restored/.test(document.body.textContent) && document.querySelectorAll('tbody tr').length === 2`) // the safety backup is the second
	tb.axe("after a restore")
	tb.clickText("Go back to it")
	tb.wait(`document.querySelector('[name=confirm]')`)
	tb.axe("before rolling back")
	tb.fill(`[name=confirm]`, "roll back")
	tb.clickText("Roll back")
	tb.wait(`location.pathname.startsWith('/admin/backups/jobs/')`)
	tb.do(chromedp.Evaluate(`location.pathname`, &job))
	waitForJob(t, p, job)
	signIn()
	tb.visit(p.base + "/contacts?q=" + url.QueryEscape("Tooyoung"))
	tb.wait(`/Tooyoung/.test(document.querySelector('#results')?.textContent)`)
}

// waitForJob asks the operations database until the job of the page has ended: the
// page itself ends with everybody's sessions.
func waitForJob(t *testing.T, p *process, path string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, strings.Replace(p.verb(t, "doctor", "--print-database-url"), "/payaid?", "/payaid_ops?", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	deadline := time.Now().Add(patience)
	for {
		var state, problem string
		err := conn.QueryRow(ctx, "SELECT state, problem FROM job WHERE id = $1", path[strings.LastIndex(path, "/")+1:]).Scan(&state, &problem)
		switch {
		case err == nil && state == "completed":
			return
		case err == nil && state != "running":
			t.Fatalf("the job is %s: %s", state, problem)
		case time.Now().After(deadline):
			t.Fatalf("the job has not ended: %s, %v", state, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
