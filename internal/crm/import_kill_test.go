package crm_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/jobs"
)

// TestHelperProcess is no test: it is the process that TestAWorkerIsKilled kills.
func TestHelperProcess(t *testing.T) {
	line := os.Getenv("PAYAID_TEST_IMPORT")
	if line == "" {
		return
	}
	args := strings.Split(line, "\n")
	ctx := context.Background()
	d, err := db.Open(ctx, args[0], db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := blob.NewDir(args[1])
	if err != nil {
		t.Fatal(err)
	}
	w := &change.Writer{DB: d, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	people, err := auth.New(ctx, w)
	if err != nil {
		t.Fatal(err)
	}
	job := crm.ImportArgs{TenantID: uuid.MustParse(args[2]), ImportID: uuid.MustParse(args[3]), ActorKind: change.ActorUser, ActorID: uuid.MustParse(args[4])}
	err = crm.New(w, slowStore{dir}, people).RunImport(ctx, job, false)
	t.Fatalf("it was to be killed, but ended with %v", err)
}

// slowStore is a blob store whose files come in small pieces that take their time.
type slowStore struct{ blob.Store }

func (s slowStore) Get(ctx context.Context, key string) (io.ReadCloser, blob.Info, error) {
	r, info, err := s.Store.Get(ctx, key)
	return slowReader{r}, info, err
}

type slowReader struct{ io.ReadCloser }

func (r slowReader) Read(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return r.ReadCloser.Read(p[:min(len(p), 16<<10)])
}

// A worker whose process is gone from one moment to the next has lost nothing and
// doubles nothing: another one goes on behind its last commit.
func TestAWorkerIsKilled(t *testing.T) {
	for phase, reached := range map[string]string{
		"while it reads": "SELECT count(*) FROM imports WHERE staged > 0 AND NOT all_staged",
		"while it saves": "SELECT count(*) FROM imports WHERE line > 0",
	} {
		t.Run(phase, func(t *testing.T) {
			k := newDesk(t)
			const rows = 6_000
			i := k.start(t, k.asha, csvInput(manyPeople(rows)))
			k.d.OwnerExec(t, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END'`)
			k.d.OwnerExec(t, `CREATE TRIGGER slow AFTER INSERT ON import_records FOR EACH STATEMENT EXECUTE FUNCTION slow()`)
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelperProcess$")
			cmd.Env = append(os.Environ(), "PAYAID_TEST_IMPORT="+strings.Join([]string{
				k.d.AppURL, k.dir, k.tenant.String(), i.ID.String(), k.asha.UserID.String(),
			}, "\n"))
			var says strings.Builder
			cmd.Stdout = &says
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(time.Minute); query[int64](t, k.office, reached)[0] == 0; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("it never came so far: %s", says.String())
				}
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			left, err := k.Import(t.Context(), k.asha, i.ID)
			if err != nil || left.FinishedAt != nil || left.Counts.Total >= rows {
				t.Fatalf("it was killed too late: %+v (%v)", left.Counts, err)
			}
			k.d.OwnerExec(t, "DROP TRIGGER slow ON import_records")
			got := k.run(t, k.asha, i)
			if got.Status != jobs.Completed {
				t.Fatalf("%s: %s", got.Status, got.Message)
			}
			k.wantCounts(t, got, rows-rows/100, 0, 0, rows/100)
			for what, n := range map[string]int64{
				"SELECT count(*) FROM contacts":                                      rows - rows/100,
				"SELECT count(DISTINCT first_name) FROM contacts":                    rows - rows/100,
				"SELECT count(*) FROM import_records":                                rows - rows/100,
				"SELECT count(*) FROM import_errors":                                 rows / 100,
				"SELECT count(*) FROM audit_entries WHERE action = 'contact.import'": rows - rows/100,
				"SELECT count(*) FROM staging.import_rows":                           0,
			} {
				if got := query[int64](t, k.office, what)[0]; got != n {
					t.Errorf("%s: %d, want %d", what, got, n)
				}
			}
			if err := k.RunImport(t.Context(), jobOf(k.asha, i), false); err != nil && !errors.Is(err, jobs.ErrMore) {
				t.Errorf("delivered once more: %v", err)
			}
		})
	}
}
