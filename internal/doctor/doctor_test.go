package doctor_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/blob"
	"payaid/internal/dbtest"
	"payaid/internal/doctor"
	"payaid/internal/localstack"
	"payaid/internal/mail"
	"payaid/internal/oidc"
	"payaid/internal/servertest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// healthy is an installation with nothing wrong.
func healthy(t *testing.T) (doctor.Patient, *dbtest.Database) {
	t.Helper()
	d, dir := dbtest.New(t), t.TempDir()
	return doctor.Patient{
		DatabaseURL: d.AppURL, SessionURL: servertest.Redis(t), SecretKey: strings.Repeat("s", 32), BaseURL: "http://localhost:3000", DataDir: dir,
		OpenBlobs: func(context.Context) (blob.Store, error) { return blob.NewDir(dir) },
		OpenMail:  func() (*mail.SMTP, error) { return nil, nil },
		Now:       time.Now,
	}, d
}

// wantOnly fails unless exactly these checks are wrong, the first of them saying says.
func wantOnly(t *testing.T, found []doctor.Finding, says string, checks ...string) {
	t.Helper()
	var sick []string
	var text strings.Builder
	for _, f := range found {
		if f.Status == doctor.Wrong {
			sick = append(sick, f.Check)
			text.WriteString(f.Says + "\n")
		}
		if f.Status != doctor.OK && f.Do == "" || f.Says == "" {
			t.Errorf("%s: %q does not say what to do", f.Check, f.Says)
		}
	}
	if !slices.Equal(sick, checks) || !strings.Contains(text.String(), says) {
		t.Errorf("wrong are %q, want %q with %q:\n%s", sick, checks, says, text.String())
	}
	if doctor.Sick(found) != len(checks) {
		t.Errorf("%d are sick", doctor.Sick(found))
	}
}

func TestAHealthyInstallation(t *testing.T) {
	p, _ := healthy(t)
	p.Provider = oidc.New(oidc.Options{Issuer: servertest.NewIssuer(t, nil).URL, Name: "Example ID"})
	found := doctor.Examine(t.Context(), p)
	wantOnly(t, found, "")
	for _, check := range []string{"database", "database clock", "roles", "schema", "row security", "extensions", "indexes", "job queue",
		"sessions", "sessions clock", "sessions eviction", "sessions on disk", "objects", "disk", "address", "secret key", "trusted proxies", "sign-in provider", "mail", "mail queue"} {
		if !slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Check == check }) {
			t.Errorf("nobody looked at %s", check)
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		harm   func(t *testing.T, p *doctor.Patient, d *dbtest.Database)
		says   string
		checks []string
	}{
		"row security off": {func(t *testing.T, _ *doctor.Patient, d *dbtest.Database) {
			d.OwnerExec(t, "ALTER TABLE contacts DISABLE ROW LEVEL SECURITY")
		}, "not in force on contacts:", []string{"row security"}},
		"row security not forced": {func(t *testing.T, _ *doctor.Patient, d *dbtest.Database) {
			d.OwnerExec(t, "ALTER TABLE imports NO FORCE ROW LEVEL SECURITY")
		}, "not in force on imports:", []string{"row security"}},
		"a second policy": {func(t *testing.T, _ *doctor.Patient, d *dbtest.Database) {
			d.OwnerExec(t, "CREATE POLICY wide ON teams USING (true)")
		}, "teams", []string{"row security"}},
		"working as the owner": {func(_ *testing.T, p *doctor.Patient, d *dbtest.Database) { p.DatabaseURL = d.OwnerURL },
			"works as payaid_owner", []string{"roles"}},
		"no schema": {func(t *testing.T, p *doctor.Patient, _ *dbtest.Database) { _, p.DatabaseURL = dbtest.Empty(t) },
			"migrate up", []string{"schema"}},
		"dead database": {func(_ *testing.T, p *doctor.Patient, _ *dbtest.Database) {
			p.DatabaseURL = "postgres://payaid_app@127.0.0.1:1/payaid"
		}, "PostgreSQL does not answer", []string{"database"}},
		"dead Redis": {func(t *testing.T, p *doctor.Patient, _ *dbtest.Database) {
			p.SessionURL = "unix://" + filepath.Join(t.TempDir(), "nobody.sock")
		}, "Redis does not answer", []string{"sessions"}},
		"Redis that evicts": {func(t *testing.T, p *doctor.Patient, _ *dbtest.Database) {
			if err := servertest.Client(t, p.SessionURL).ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err(); err != nil {
				t.Fatal(err)
			}
		}, "maxmemory-policy is allkeys-lru", []string{"sessions eviction"}},
		"clock": {func(_ *testing.T, p *doctor.Patient, _ *dbtest.Database) {
			p.Now = func() time.Time { return time.Now().Add(-5 * time.Second) }
		}, "differs from this machine's by", []string{"database clock", "sessions clock"}},
		"S3 with a wrong key": {func(t *testing.T, p *doctor.Patient, _ *dbtest.Database) {
			o := servertest.S3(t)
			o.SecretKey = "not-the-secret-key"
			p.OpenBlobs = func(ctx context.Context) (blob.Store, error) {
				store, err := blob.NewS3(o)
				if err != nil {
					return nil, err
				}
				return store, store.EnsureBucket(ctx)
			}
		}, "the object store takes no files", []string{"objects"}},
		"production without https, worker and secret": {func(_ *testing.T, p *doctor.Patient, _ *dbtest.Database) {
			p.Production, p.SecretKey, p.BaseURL = true, "short", "http://crm.example.in"
		}, "is not https", []string{"job queue", "secret key", "address"}},
		"a certificate that nobody knows": {func(t *testing.T, p *doctor.Patient, _ *dbtest.Database) {
			server := httptest.NewUnstartedServer(nil)
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			server.StartTLS()
			t.Cleanup(server.Close)
			p.BaseURL = server.URL
		}, "browsers refuse it", []string{"certificate"}},
		"a provider that is down": {func(_ *testing.T, p *doctor.Patient, _ *dbtest.Database) {
			p.Provider = oidc.New(oidc.Options{Issuer: "http://127.0.0.1:1"})
		}, "does not answer", []string{"sign-in provider"}},
		"a provider of another name": {func(t *testing.T, p *doctor.Patient, _ *dbtest.Database) {
			p.Provider = oidc.New(oidc.Options{Issuer: servertest.NewIssuer(t, nil).URL + "/"})
		}, "did not match the issuer", []string{"sign-in provider"}},
		"everybody is a proxy": {func(_ *testing.T, p *doctor.Patient, _ *dbtest.Database) {
			p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
		}, "0.0.0.0/0 is everybody", []string{"trusted proxies"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, d := healthy(t)
			tt.harm(t, &p, d)
			wantOnly(t, doctor.Examine(t.Context(), p), tt.says, tt.checks...)
		})
	}
}

// TestRolesWithWrongAttributes has a server of its own, because roles belong to
// the whole server.
func TestRolesWithWrongAttributes(t *testing.T) {
	p, _ := healthy(t)
	stack, err := localstack.Start(t.Context(), localstack.Options{DataDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stack.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := db.EnsureDatabase(t.Context(), stack.SuperuserURL(), "payaid"); err != nil {
		t.Fatal(err)
	}
	m, err := db.OpenMigrator(t.Context(), stack.DatabaseURL(db.RoleOwner, "payaid"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	p.DatabaseURL = stack.DatabaseURL(db.RoleApp, "payaid")
	wantOnly(t, doctor.Examine(t.Context(), p), "")
	super, err := pgx.Connect(t.Context(), stack.SuperuserURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = super.Close(context.Background()) }()
	if _, err := super.Exec(t.Context(), "ALTER ROLE payaid_app BYPASSRLS; ALTER ROLE payaid_owner NOBYPASSRLS"); err != nil {
		t.Fatal(err)
	}
	found := doctor.Examine(t.Context(), p)
	slices.SortStableFunc(found, func(a, b doctor.Finding) int { return strings.Compare(a.Says, b.Says) })
	wantOnly(t, found, "payaid_app goes around row level security\npayaid_owner lacks BYPASSRLS", "roles", "roles")
}
