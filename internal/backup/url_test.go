package backup_test

import (
	"strings"
	"testing"

	"payaid/internal/backup"
)

// A password must not reach a command line, where everybody can read it.
func TestAddressesForPrograms(t *testing.T) {
	for raw, want := range map[string][2]string{
		"postgres://payaid_backup:s3cret%40@db:5432/payaid?sslmode=disable":                      {"postgres://payaid_backup@db:5432/payaid?sslmode=disable", "s3cret@"},
		"postgresql://u@/payaid?host=%2Frun%2Fa+b&password=hidden":                               {"postgresql://u@/payaid?host=%2Frun%2Fa%20b", "hidden"},
		"postgres://u@db/payaid?pool_max_conns=4&default_query_exec_mode=exec&connect_timeout=3": {"postgres://u@db/payaid?connect_timeout=3", ""},
	} {
		address, password, err := backup.ForPrograms(raw)
		if err != nil || address != want[0] || password != want[1] {
			t.Errorf("%s became %s and %q, %v", raw, address, password, err)
		}
	}
	if _, _, err := backup.ForPrograms("host=db password=s3cret"); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("another form: %v", err)
	}
}

func TestAddressesOfOtherDatabases(t *testing.T) {
	got, err := backup.WithDatabase("postgres://u:p@db:1/payaid?sslmode=disable", "payaid_ops")
	if want := "postgres://u:p@db:1/payaid_ops?sslmode=disable"; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	got, err = backup.OnServer("postgres://payaid_app:app@db/payaid", "postgres://payaid_owner:own@drill:2/copy?sslmode=require")
	if want := "postgres://payaid_app:app@drill:2/copy?sslmode=require"; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}
