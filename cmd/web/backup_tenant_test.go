package main

import (
	"bytes"
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// "I deleted all my contacts", from the command line.
func TestOneBusinessFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	env := []string{"PAYAID_DATA_DIR=" + dir, "PAYAID_ADDR=" + freeAddr(t), "PAYAID_LOG_LEVEL=warn"}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve"}, env, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})
	}()
	defer func() { cancel(); <-ended }()
	waitReady(t, env, ended)
	must := func(args ...string) string {
		t.Helper()
		code, out, errs := payaid(t, env, args...)
		if code != exitDone {
			t.Fatalf("%v: code %d: %s", args, code, errs)
		}
		return out
	}
	last := func(out string) string {
		lines := strings.Split(strings.TrimSpace(out), "\n")
		return lines[len(lines)-1]
	}
	must("tenant", "create", "--slug", "rao", "--name", "Rao & Sons")
	must("seed", "--tenant", "rao", "--contacts", "20")
	id := last(must("backup", "create"))
	archive := filepath.Join(dir, "rao.payaid")
	must("backup", "export-tenant", "--tenant", "rao", "--out", archive)
	if out := must("backup", "exports"); !regexp.MustCompile(`rao +export +\d+ +0 +\d+`).MatchString(out) {
		t.Errorf("exports: %s", out)
	}
	if code, _, errs := payaid(t, env, "backup", "export-tenant", "--tenant", "rao", "--out", archive); code != exitFailed || !strings.Contains(errs, "exists already") {
		t.Errorf("over a file: code %d, %s", code, errs)
	}
	url := strings.TrimSpace(must("doctor", "--print-database-url"))
	for _, from := range []string{id, archive} {
		wipeContacts(t, url)
		// Asked, and not answered with the short name.
		var out, errs bytes.Buffer
		if code := run(t.Context(), []string{"backup", "restore-tenant", from, "--tenant", "rao"}, env, strings.NewReader("yes\n"), &out, &errs); code != exitFailed || !strings.Contains(errs.String(), "nothing was restored") {
			t.Errorf("not confirmed: code %d, %s", code, errs.String())
		}
		out.Reset()
		errs.Reset()
		code := run(t.Context(), []string{"backup", "restore-tenant", from, "--tenant", "rao", "--tables", "contacts"}, env, strings.NewReader("rao\n"), &out, &errs)
		if code != exitDone || !regexp.MustCompile(`contacts +20 +0 +0 +0 +0`).MatchString(out.String()) || !strings.Contains(out.String(), "20 rows were restored") ||
			!regexp.MustCompile(`restore-tenant [0-9a-f-]{36} --tenant rao --as-it-was`).MatchString(out.String()) {
			t.Errorf("from %s: code %d, %s%s", from, code, out.String(), errs.String())
		}
	}
	if out := must("backup", "restore-tenant", id, "--tenant", "rao"); last(out) != "nothing is missing" {
		t.Errorf("once more: %s", out)
	}
	for says, args := range map[string][]string{
		"neither an id":                    {"yesterday"},
		"no business has the short name":   {id, "--tenant", "nobody"},
		"no key at hand opens this backup": {id, "--identity", makeKey(t, env, dir)},
	} {
		args = append([]string{"backup", "restore-tenant", "--tenant", "rao"}, args...)
		if code, _, errs := payaid(t, env, args...); code != exitFailed || !strings.Contains(errs, says) {
			t.Errorf("%v: code %d, %s", args, code, errs)
		}
	}
}

func makeKey(t *testing.T, env []string, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "other.key")
	if code, _, errs := payaid(t, env, "backup", "keygen", "--out", path); code != exitDone {
		t.Fatal(errs)
	}
	return path
}

// wipeContacts deletes every contact of every business, one after the other, as the
// application could.
func wipeContacts(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), "SELECT id::text FROM tenants")
	if err != nil {
		t.Fatal(err)
	}
	tenants, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range tenants {
		if _, err := conn.Exec(t.Context(), "SELECT set_config('app.tenant_id', $1, false)", id); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "DELETE FROM contacts"); err != nil {
			t.Fatal(err)
		}
	}
}
