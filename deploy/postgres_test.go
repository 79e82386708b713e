package deploy_test

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"payaid/db"
	"payaid/internal/localstack"
)

// roles.sh must give the roles what db.EnsureDatabase gives them, which every
// other test runs on.
func TestRolesAreThoseOfTheProgram(t *testing.T) {
	server, err := localstack.Start(t.Context(), localstack.Options{DataDir: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	at, err := url.Parse(server.SuperuserURL())
	if err != nil {
		t.Fatal(err)
	}
	script := exec.Command("./postgres/roles.sh")
	script.Env = append(os.Environ(), "SECRETS_DIR="+makeSecrets(t), "POSTGRES_USER=postgres", "PGHOST="+at.Query().Get("host"), "PGPORT="+at.Query().Get("port"))
	if out, err := script.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("roles.sh: %v %s", err, out)
	}
	const attributes = `SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit,
		(SELECT array_agg(roleid::regrole ORDER BY roleid) FROM pg_auth_members WHERE member = r.oid) FROM pg_roles r WHERE rolname LIKE 'payaid%' ORDER BY rolname`
	made := query(t, server.SuperuserURL(), attributes)
	if n := strings.Count(made, "payaid_"); n != 3 {
		t.Fatalf("roles.sh made %s", made)
	}
	if owner := query(t, server.SuperuserURL(), "SELECT datdba::regrole FROM pg_database WHERE datname = 'payaid'"); owner != db.RoleOwner+"\n" {
		t.Errorf("the database belongs to %q", owner)
	}
	if hashed := query(t, server.SuperuserURL(), "SELECT count(DISTINCT rolpassword) FROM pg_authid WHERE rolname LIKE 'payaid%' AND rolpassword LIKE 'SCRAM-SHA-256%'"); hashed != "3\n" {
		t.Errorf("%q of the roles have a password", hashed)
	}
	if err := db.EnsureDatabase(t.Context(), server.SuperuserURL(), "payaid"); err != nil {
		t.Fatal(err)
	}
	if program := query(t, server.SuperuserURL(), attributes); program != made {
		t.Errorf("roles.sh gives\n%sthe program\n%s", made, program)
	}
}

// wal.sh gives what the archive of the write-ahead log needs, once, and nothing unless
// it is asked to.
func TestTheLogIsReadOnlyWhereItIsArchived(t *testing.T) {
	server, err := localstack.Start(t.Context(), localstack.Options{DataDir: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.EnsureDatabase(t.Context(), server.SuperuserURL(), "payaid"); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(server.SuperuserURL())
	if err != nil {
		t.Fatal(err)
	}
	const given = `SELECT rolreplication, has_function_privilege(rolname, 'pg_switch_wal()', 'EXECUTE'),
		(SELECT count(*) FROM pg_hba_file_rules WHERE type = 'host' AND database = '{replication}' AND user_name = '{payaid_backup}' AND auth_method = 'scram-sha-256')
		FROM pg_roles WHERE rolname = 'payaid_backup'`
	for _, c := range []struct{ pitr, want string }{{"", "f|f|0\n"}, {"false", "f|f|0\n"}, {"true", "t|t|1\n"}, {"true", "t|t|1\n"}} {
		script := exec.Command("./postgres/wal.sh")
		script.Env = append(os.Environ(), "POSTGRES_USER=postgres", "PGHOST="+at.Query().Get("host"), "PGPORT="+at.Query().Get("port"), "PITR="+c.pitr)
		if out, err := script.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("wal.sh: %v %s", err, out)
		}
		if got := query(t, server.SuperuserURL(), given); got != c.want {
			t.Errorf("with PITR=%s: %q, want %q", c.pitr, got, c.want)
		}
	}
}

func TestRolesNeedEveryPassword(t *testing.T) {
	secrets := makeSecrets(t)
	if err := os.Remove(filepath.Join(secrets, "postgres_app_password")); err != nil {
		t.Fatal(err)
	}
	script := exec.Command("./postgres/roles.sh")
	script.Env = append(os.Environ(), "SECRETS_DIR="+secrets, "POSTGRES_USER=postgres")
	if out, err := script.CombinedOutput(); err == nil || !strings.Contains(string(out), "postgres_app_password is missing") {
		t.Errorf("got %v %s", err, out)
	}
}

func query(t *testing.T, server, sql string) string {
	t.Helper()
	cmd := exec.Command("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command", sql, server)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("psql: %v %s", err, stderr.String())
	}
	return string(out)
}
