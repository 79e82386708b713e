package handlers_test

import (
	"bufio"
	"bytes"
	"context"
	"log/slog"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/handlers"
	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/change"
	"payaid/internal/localstack"
)

// vault is the backups of a world. Nobody works until work is called.
type vault struct {
	*backup.Service
	desk  *backup.Desk
	store *blob.Dir
	keys  []*age.X25519Identity
	made  uuid.UUID         // a verified backup; uuid.Nil before the first call of backup
	plan  backup.TenantPlan // a comparison of one business; empty before the first call of compare
	ops   string            // URL of the operations database as its owner
}

// withBackups gives a world its backups.
func withBackups(t testing.TB, w *world, _ *handlers.Deps) {
	t.Helper()
	ctx := context.Background()
	v := &vault{}
	for range backup.MinRecipients {
		k, err := age.GenerateX25519Identity()
		ok(t, err)
		v.keys = append(v.keys, k)
	}
	var err error
	v.store, err = blob.NewDir(t.TempDir())
	ok(t, err)
	ok(t, backup.EnsureOps(ctx, w.db.OwnerURL))
	name := w.db.Pool().Config().ConnConfig.Database
	v.ops = strings.Replace(w.db.OwnerURL, name, name+"_ops", 1)
	options := backup.Options{
		BackupURL: w.db.BackupURL, OwnerURL: w.db.OwnerURL, AppURL: w.db.AppURL, Store: v.store, Objects: w.blobs, SecretKey: secretKey,
		Recipients: []string{v.keys[0].Recipient().String(), v.keys[1].Recipient().String()}, Identities: v.keys[0].String(),
		ProgramDirs: localstack.ProgramDirs(ctx), Version: "test", RetentionDays: 30,
		Write: &change.Writer{DB: w.pool, Log: slog.New(slog.DiscardHandler), Now: time.Now},
	}
	options.Schedule, err = backup.ParseSchedule("02:00 Asia/Kolkata")
	ok(t, err)
	v.Service = backup.New(options)
	v.desk, err = v.OpenDesk()
	ok(t, err)
	w.platform.UseBackups(v.desk)
	w.vault = v
	t.Cleanup(func() {
		v.desk.Close()
		conn, err := pgx.Connect(ctx, w.db.OwnerURL)
		ok(t, err)
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+"_ops")
		ok(t, err)
	})
}

// exec runs SQL on the operations database, to arrange what a test needs.
func (v *vault) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, v.ops)
	ok(t, err)
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql, args...)
	ok(t, err)
}

// backup gives a verified backup, made on first use, with nothing asked for.
func (v *vault) backup(t testing.TB) uuid.UUID {
	t.Helper()
	v.exec(t, "UPDATE request SET state = 'cancelled', identity = NULL WHERE state = 'queued'")
	if v.made == uuid.Nil {
		b, err := v.Create(t.Context(), backup.Manual)
		ok(t, err)
		v.made = b.ID
	}
	return v.made
}

// start works what is asked for until the test ends.
func (v *vault) start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.Work(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// uploadForm is the form of the page, with these bytes as its file.
func uploadForm(t testing.TB, b *browser, data []byte) (contentType, body string) {
	t.Helper()
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	ok(t, form.WriteField("_csrf", b.withToken(nil).Get("_csrf")))
	part, err := form.CreateFormFile("file", "backup.tar")
	ok(t, err)
	_, err = part.Write(data)
	ok(t, err)
	ok(t, form.Close())
	return form.FormDataContentType(), out.String()
}

// A backup is made from the page, followed, drilled, downloaded, deleted and brought
// back, and every act is written down.
func TestABackupFromThePanel(t *testing.T) {
	w := newWorld(t, withBackups)
	w.vault.start(t)
	b, base := w.as(t, w.operator), w.serve(t)
	made := b.post(t, "/admin/backups", map[string][]string{"kind": {"manual"}})
	made.is(t, seeOther)
	job := made.header.Get("Location")

	// The events end when the job does.
	res := b.open(t, base+job+"/events")
	var last string
	var ids []string
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if id, found := strings.CutPrefix(lines.Text(), "id: "); found {
			ids = append(ids, id)
		}
		last = lines.Text() + last
		if lines.Text() == "event: done" {
			break
		}
	}
	if len(ids) == 0 || !strings.Contains(last, "Completed") {
		t.Fatalf("followed %v: %s", ids, last)
	}
	// Whoever saw the last one is told nothing twice.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+job+"/events", nil)
	ok(t, err)
	b.dress(req, "Last-Event-ID", ids[len(ids)-1])
	again, err := http.DefaultClient.Do(req)
	ok(t, err)
	var rest bytes.Buffer
	_, err = rest.ReadFrom(again.Body)
	ok(t, err)
	ok(t, again.Body.Close())
	if strings.Contains(rest.String(), "id: ") || !strings.Contains(rest.String(), "event: done") {
		t.Errorf("came back to %q", rest.String())
	}
	page := b.get(t, job)
	page.wants(t, "Completed", "read back: every byte matches", "Pooja Menon")

	all, err := w.vault.List(t.Context())
	ok(t, err)
	at := "/admin/backups/" + all[0].ID.String()
	b.post(t, at+"/drill", nil).is(t, seeOther)
	eventually(t, "it is proven", func(ctx context.Context) bool {
		b, err := w.vault.Get(ctx, all[0].ID)
		return err == nil && b.Proven()
	})
	b.get(t, "/admin/backups").wants(t, "Restored in a drill", "The newest verified backup is just now")
	b.get(t, at).wants(t, "Restored in a drill", "Loading the data took")

	res = b.open(t, base+at+"/download")
	var file bytes.Buffer
	_, err = file.ReadFrom(res.Body)
	ok(t, err)
	if cd := res.Header.Get("Content-Disposition"); !strings.HasSuffix(cd, `.tar"`) || file.Len() < int(all[0].Bytes()) {
		t.Errorf("downloaded %d bytes as %s", file.Len(), cd)
	}
	_, err = w.vault.Create(t.Context(), backup.Manual) // the only one cannot be deleted
	ok(t, err)
	b.post(t, at+"/delete", nil).is(t, seeOther)
	eventually(t, "it is deleted", func(ctx context.Context) bool { _, err := w.vault.Get(ctx, all[0].ID); return err != nil })
	kind, body := uploadForm(t, b, file.Bytes())
	b.do(t, http.MethodPost, "/admin/backups/upload", kind, body).is(t, seeOther)
	b.get(t, at).wants(t, "Verified")

	b.post(t, at+"/pin", nil).is(t, seeOther)
	b.get(t, at).wants(t, "Manual, pinned", "Unpin")
	b.get(t, "/admin/audit").wants(t, "Asked for a backup", "Asked for a drill of a backup", "Downloaded a backup", "Uploaded a backup", "Asked to delete a backup", "Pinned a backup")
}

// What is wrong stands on every page of the administration, and on no other.
func TestTheBannerOfWhatIsWrong(t *testing.T) {
	w := newWorld(t, withBackups)
	w.vault.exec(t, "INSERT INTO schedule_run (schedule, local_date, state, problem, started_at) VALUES ('s', '2026-01-01', 'failed', 'the disk is <full>', now())")
	b := w.as(t, w.operator)
	for _, path := range []string{"/admin/backups", "/admin/tenants", "/admin/jobs"} {
		b.get(t, path).wants(t, `class="alarms"`, "The last scheduled backup failed: the disk is &lt;full&gt;")
	}
	b.get(t, "/contacts").lacks(t, `class="alarms"`)
	w.as(t, w.owner).get(t, "/contacts").lacks(t, `class="alarms"`)
}

// A key that is sent with a drill is never shown again.
func TestAWrongKeyIsRefusedAndNotShown(t *testing.T) {
	w := newWorld(t, withBackups)
	b := w.as(t, w.operator)
	var other strings.Builder
	_, err := backup.Keygen(&other, time.Now())
	ok(t, err)
	a := b.post(t, "/admin/backups/"+w.vault.backup(t).String()+"/drill", map[string][]string{"identity": {other.String()}})
	a.is(t, unprocessable)
	a.wants(t, "No key at hand opens this backup", `id="identity-err"`)
	a.lacks(t, "AGE-SECRET-KEY-1"+other.String()[strings.Index(other.String(), "AGE-SECRET-KEY-1")+16:][:20])
}

// A large upload takes longer than any other request may, and needs no memory.
func TestAnUploadIsReadWhileItArrives(t *testing.T) {
	w := newWorld(t, withBackups)
	b, base := w.as(t, w.operator), w.serve(t)
	var sent bytes.Buffer
	ok(t, w.vault.desk.Send(t.Context(), w.vault.backup(t), &sent))
	kind, body := uploadForm(t, b, sent.Bytes()[:sent.Len()/2])
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/admin/backups/upload", strings.NewReader(body))
	ok(t, err)
	req.Header.Set("Content-Type", kind)
	b.dress(req)
	res, err := http.DefaultClient.Do(req)
	ok(t, err)
	defer func() { _ = res.Body.Close() }()
	var page bytes.Buffer
	_, err = page.ReadFrom(res.Body)
	ok(t, err)
	if res.StatusCode != unprocessable || !strings.Contains(page.String(), "here already") {
		t.Errorf("status %s", strconv.Itoa(res.StatusCode))
	}
}
