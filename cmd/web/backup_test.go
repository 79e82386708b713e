package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Every verb works on the embedded stack while the application serves.
func TestBackupsFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	env := []string{"PAYAID_DATA_DIR=" + dir, "PAYAID_ADDR=" + freeAddr(t), "PAYAID_DEMO=true", "PAYAID_LOG_LEVEL=warn"}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var served bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve"}, env, strings.NewReader(""), &bytes.Buffer{}, &served)
	}()
	waitReady(t, env, ended)
	must := func(args ...string) string {
		t.Helper()
		code, out, errs := payaid(t, env, args...)
		if code != exitDone || errs != "" {
			t.Fatalf("%v: code %d: %s", args, code, errs)
		}
		return out
	}
	refused := func(want int, says string, args ...string) {
		t.Helper()
		code, _, errs := payaid(t, env, args...)
		last := errs[strings.LastIndex(strings.TrimSpace(errs), "\n")+1:]
		if code != want || !strings.Contains(last, says) {
			t.Errorf("%v: code %d, %q, want %d and %q", args, code, last, want, says)
		}
	}
	lines := strings.Split(strings.TrimSpace(must("backup", "create")), "\n")
	id := lines[len(lines)-1]
	if _, err := uuid.Parse(id); err != nil {
		t.Fatalf("the last line is %q, want the id alone", id)
	}
	if keys := filepath.Join(dir, "backup-keys"); !strings.Contains(lines[0], keys) || !strings.Contains(lines[0], "safe place") {
		t.Errorf("the first line is %q, want where the keys are", lines[0])
	}
	if out := must("backup", "list"); !regexp.MustCompile(id + ` .* manual +\d+ +read back`).MatchString(out) {
		t.Errorf("list: %s", out)
	}
	if out := must("backup", "verify", id); !strings.Contains(out, "as they were written") {
		t.Errorf("verify: %s", out)
	}
	other := filepath.Join(dir, "other.key")
	if code, out, errs := payaid(t, env, "backup", "keygen", "--out", other); code != exitDone || out != "" || !strings.Contains(errs, "safe place") {
		t.Errorf("keygen: code %d, %q, %q", code, out, errs)
	}
	refused(exitFailed, "no key at hand", "backup", "drill", id, "--identity", other)
	if out := must("backup", "drill", id); !regexp.MustCompile(`restored \d+ rows of \d+ tables in `).MatchString(out) {
		t.Errorf("drill: %s", out)
	}
	if out := must("backup", "list", "--json"); !strings.Contains(out, `"proven": true`) || !strings.Contains(out, `"id": "`+id) {
		t.Errorf("list --json: %s", out)
	}
	if out := must("backup", "prune"); !strings.Contains(out, "forgot 0 backups") {
		t.Errorf("prune: %s", out)
	}
	refused(exitFailed, "no such backup", "backup", "verify", uuid.NewString())
	refused(exitUsage, "id", "backup", "verify", "yesterday")
	refused(exitUsage, "kind", "backup", "create", "--kind", "weekly")
	refused(exitFailed, "set PAYAID_BACKUP_PITR=true", "backup", "window")
	refused(exitFailed, "is no time such as", "backup", "restore", "--to", "yesterday")
	refused(exitFailed, "that was not the moment", "backup", "restore", "--to", "2026-11-22 14:35")
	refused(exitFailed, "set PAYAID_BACKUP_PITR=true", "backup", "restore", "--yes", "--to", "2026-11-22 14:35")
	refused(exitUsage, "either a backup or a moment", "backup", "restore")
	refused(exitUsage, "either a backup or a moment", "backup", "restore", id, "--to", "2026-11-22 14:35")
	refused(exitFailed, "other.key", "backup", "keygen", "--out", other)
	if _, out, _ := payaid(t, env, "backup", "keygen"); !strings.Contains(out, "AGE-SECRET-KEY-1") || strings.Contains(out, "safe") {
		t.Errorf("keygen prints the key alone on stdout, got %q", out)
	}

	damage(t, filepath.Join(dir, "backups", id, "db.pgc.zst.age"))
	refused(exitFailed, "damaged", "backup", "verify", id)
	if out := must("backup", "list"); !strings.Contains(out, "DAMAGED") {
		t.Errorf("list of a damaged one: %s", out)
	}
	cancel()
	if code := <-ended; code != exitDone {
		t.Errorf("serve ended with %d: %s", code, served.String())
	}
	if served.Len() > 0 {
		t.Errorf("serve said: %s", served.String())
	}
}

func damage(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBackupSettings(t *testing.T) {
	for says, variable := range map[string]string{
		"PAYAID_BACKUP_SCHEDULE":       "PAYAID_BACKUP_SCHEDULE=midnight",
		"PAYAID_BACKUP_RECIPIENTS":     "PAYAID_BACKUP_RECIPIENTS=age1x,age1y",
		"PAYAID_BACKUP_RETENTION_DAYS": "PAYAID_BACKUP_RETENTION_DAYS=-1",
	} {
		code, _, errs := payaid(t, []string{"PAYAID_DATA_DIR=" + t.TempDir(), variable}, "backup", "create")
		if code == exitDone || !strings.Contains(errs, says) {
			t.Errorf("%s: code %d, %q", variable, code, errs)
		}
	}
}
