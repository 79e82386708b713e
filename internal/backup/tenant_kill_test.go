package backup_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/change"
)

// TestHelperRestore is no test: it is the process that
// TestAKilledRestoreOfOneTenantChangesNothing kills.
func TestHelperRestore(t *testing.T) {
	args := helperArgs()
	if args == nil {
		return
	}
	store, err := blob.NewDir(args[3])
	if err != nil {
		t.Fatal(err)
	}
	objects, err := blob.NewDir(args[8])
	if err != nil {
		t.Fatal(err)
	}
	app, err := db.Open(t.Context(), args[0], db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := backup.New(backup.Options{
		AppURL: args[0], OwnerURL: args[1], BackupURL: args[2], Store: store, Objects: objects, SecretKey: strings.Repeat("s", 32),
		Identities: args[4], Recipients: args[5:7], Write: &change.Writer{DB: app, Log: slog.New(slog.DiscardHandler), Now: time.Now},
	})
	_, err = s.ApplyTenant(context.Background(), restoreOf(uuid.MustParse(args[7]), backup.BringBack))
	t.Fatalf("it was to be killed, but ended with %v", err)
}

// holdCompany locks the company that three contacts belong to, which an insert of
// them waits for, until the returned function is called.
func (b *business) holdCompany(t *testing.T) (release func()) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, b.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "BEGIN"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "SELECT FROM companies WHERE id = $1 FOR UPDATE", b.company); err != nil {
		t.Fatal(err)
	}
	return func() { _ = conn.Close(ctx) }
}
