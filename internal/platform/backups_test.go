package platform_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/apperr"
	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/mail"
	"payaid/internal/platform"
)

// withDesk gives the house its backups, of which there are none.
func (h *house) withDesk(t *testing.T) (opsURL string) {
	t.Helper()
	store, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := backup.EnsureOps(t.Context(), h.d.OwnerURL); err != nil {
		t.Fatal(err)
	}
	desk, err := backup.New(backup.Options{AppURL: h.d.AppURL, Store: store, SecretKey: "s", RetentionDays: 30}).OpenDesk()
	if err != nil {
		t.Fatal(err)
	}
	h.UseBackups(desk)
	name := h.d.Pool().Config().ConnConfig.Database
	t.Cleanup(func() {
		desk.Close()
		execOn(t, h.d.OwnerURL, "DROP DATABASE IF EXISTS "+name+"_ops")
	})
	return strings.Replace(h.d.OwnerURL, name, name+"_ops", 1)
}

func execOn(t *testing.T, url, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

// Every platform administrator gets one mail, however often the job looks.
func TestAdministratorsAreToldOnce(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	ops := h.withDesk(t)
	for _, email := range []string{"a@example.in", "b@example.in", "c@example.in"} {
		h.d.OwnerExec(t, "INSERT INTO users (id, email, name, password_hash, platform_admin, sessions_valid_after, created_at, updated_at) VALUES ($1, $2, 'N', '', $2 <> 'c@example.in', now(), now(), now())", uuid.New(), email)
	}
	letter := func(to, _ string, w backup.Wrong) (mail.Message, error) {
		return mail.Message{To: to, Subject: w.Kind, Text: w.Says, HTML: w.Says}, nil
	}
	sent := func() (n int) {
		t.Helper()
		if err := h.WatchBackups(ctx, letter); err != nil {
			t.Fatal(err)
		}
		if err := h.d.Pool().QueryRow(ctx, "SELECT count(*) FROM mailbox_messages").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := sent(); n != 0 {
		t.Errorf("%d mails while all is well", n)
	}
	execOn(t, ops, "INSERT INTO schedule_run (schedule, local_date, state, problem, started_at) VALUES ('s', '2026-01-01', 'failed', 'disk full', now())")
	for range 3 {
		if n := sent(); n != 2 {
			t.Errorf("%d mails, want one for each of two administrators", n)
		}
	}
	wrong, err := h.BackupAlarms(ctx, h.admin)
	if err != nil || len(wrong) != 1 {
		t.Errorf("banner: %v, %v", wrong, err)
	}
	page, err := h.Audit(ctx, h.admin, "")
	if err != nil || len(page.Entries) == 0 || page.Entries[0].Action != "backup.alarm" {
		t.Errorf("written down: %+v, %v", page.Entries, err)
	}
}

func TestTheBackupsAreForAdministrators(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	if _, err := h.Backups(ctx, h.admin); !apperr.Is(err, apperr.Unavailable) {
		t.Errorf("without backups: %v", err)
	}
	ops := h.withDesk(t)
	owner := h.admin
	owner.PlatformAdmin = false
	for what, do := range map[string]func() error{
		"list": func() error { _, err := h.Backups(ctx, owner); return err },
		"ask": func() error {
			_, err := h.AskBackup(ctx, owner, platform.BackupRequest{Verb: backup.VerbPrune})
			return err
		},
		"stop":     func() error { return h.StopBackupJob(ctx, owner, uuid.New()) },
		"pin":      func() error { return h.PinBackup(ctx, owner, uuid.New(), true) },
		"send":     func() error { _, _, err := h.SendBackup(ctx, owner, uuid.New()); return err },
		"receive":  func() error { _, err := h.ReceiveBackup(ctx, owner, strings.NewReader("")); return err },
		"settings": func() error { return h.ChangeBackupSettings(ctx, owner, platform.BackupSettingsInput{Retention: "5"}) },
		"alarms":   func() error { _, err := h.BackupAlarms(ctx, owner); return err },
	} {
		if err := do(); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// An installation of an older version says what to do.
	execOn(t, ops, "DROP TABLE request CASCADE")
	if _, err := h.Backups(ctx, h.admin); !apperr.Is(err, apperr.Unavailable) || !strings.Contains(err.Error(), "payaid migrate up") {
		t.Errorf("without its tables: %v", err)
	}
}
