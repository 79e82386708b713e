package e2e

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A job fails while its administrator watches, and is tried again.
func TestAFailedJobIsTriedAgain(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tb.open("/admin/jobs?kind=import.run&state=failed")
	tb.wait(`document.querySelector('#results')`)

	ctx := context.Background()
	conn, err := pgx.Connect(ctx, suite.app.verb(t, "doctor", "--print-database-url"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	// The import does not exist, and there is one try only.
	if _, err := conn.Exec(ctx, `INSERT INTO river.river_job (kind, args, max_attempts) VALUES ('import.run', jsonb_build_object('tenantId', $1::uuid, 'importId', $2::uuid), 1)`, uuid.New(), uuid.New()); err != nil {
		t.Fatal(err)
	}
	tb.wait(`/1 of 1/.test(document.querySelector('tbody tr')?.textContent)`) // the page asks by itself
	tb.axe("a failed job")
	tb.clickText("Try again now")
	tb.wait(`/starts again/.test(document.querySelector('#toaster').textContent)`)
	tb.wait(`/2 of 2/.test(document.querySelector('tbody tr')?.textContent)`)
	tb.wait(`location.search === '?kind=import.run&state=failed' && history.length < 10`)

	tb.open("/admin/audit")
	tb.wait(`/Started a job again/.test(document.querySelector('tbody tr')?.textContent)`)
}
