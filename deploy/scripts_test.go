package deploy_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pretend makes a directory with a program of this name that is this script.
func pretend(t *testing.T, name, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// script runs one of the scripts and returns its exit code and what it said.
func script(t *testing.T, env []string, name string, args ...string) (code int, out, errs string) {
	t.Helper()
	cmd := exec.Command("./"+name, args...)
	var stdout, stderr strings.Builder
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

var backupScripts = []string{"backup-database.sh", "restore-database.sh", "restore-to-time.sh", "setup-backup-cron.sh", "backup-keys.sh"}

func TestScriptsExplainThemselves(t *testing.T) {
	for _, name := range backupScripts {
		if code, out, errs := script(t, nil, name, "--help"); code != 0 || !strings.Contains(out, "usage: "+name) || errs != "" {
			t.Errorf("%s --help: %d, %q, %q", name, code, out, errs)
		}
		if code, out, errs := script(t, nil, name, "--nonsense"); code != 2 || out != "" || !strings.Contains(errs, "usage: ") {
			t.Errorf("%s --nonsense: %d, %q, %q", name, code, out, errs)
		}
		text, err := os.ReadFile(name)
		if err != nil || !strings.HasPrefix(string(text), "#!/bin/sh\n") || !strings.Contains(string(text), "\nset -eu\n") {
			t.Errorf("%s is no careful script of the plain shell: %v", name, err)
		}
	}
}

// What payaid answers is what the scripts answer, its exit code too.
func TestBackupScriptsAreHonest(t *testing.T) {
	payaid := func(t *testing.T, text string) []string {
		return []string{"PAYAID=" + filepath.Join(pretend(t, "payaid", text), "payaid")}
	}
	const list = `ID  MADE
bad-1  NOT TRUSTED: forged
bad-2  DAMAGED: gone
bad-3  NOT PROVEN: it rained
old-1  2026-11-22T20:31:00Z  pitr  1  read back
good-1  2026-11-22T20:30:00Z  scheduled  1  read back
good-2  2026-11-21T20:30:00Z  scheduled  1  read back`
	says := `case "$*" in "backup list") echo "` + list + `";; "backup create"*) echo checked; echo the-id;; *) echo "did: $*";; esac`
	for name, tt := range map[string]struct {
		payaid string
		args   []string
		code   int
		last   string // line on standard output
	}{
		"backup":          {says, []string{"backup-database.sh"}, 0, "the-id"},
		"backup fails":    {`echo half; echo "the disk is full" >&2; exit 1`, []string{"backup-database.sh"}, 1, "half"},
		"drill":           {says, []string{"backup-database.sh", "--drill", "--kind=pinned"}, 0, "the-id"},
		"drill fails":     {`case "$2" in create) echo the-id;; *) exit 1;; esac`, []string{"backup-database.sh", "--drill"}, 1, "the-id"},
		"wrong kind":      {`exit 2`, []string{"backup-database.sh", "--kind", "weekly"}, 2, ""},
		"restore":         {says, []string{"restore-database.sh", "the-id"}, 0, "did: backup restore the-id"},
		"restore latest":  {says, []string{"restore-database.sh", "latest", "--yes", "--identity", "my key"}, 0, "did: backup restore good-1 --yes --identity my key"},
		"restore nothing": {`echo ID MADE`, []string{"restore-database.sh", "latest"}, 1, ""},
		"list fails":      {`exit 1`, []string{"restore-database.sh", "latest"}, 1, ""},
		"restore fails":   {`exit 1`, []string{"restore-database.sh", "the-id", "--yes"}, 1, ""},
		"no id":           {says, []string{"restore-database.sh"}, 2, ""},
		"to a moment":     {says, []string{"restore-to-time.sh", "2026-11-22 14:35", "--yes"}, 0, "did: backup restore --to 2026-11-22 14:35 --yes"},
		"moment fails":    {`exit 1`, []string{"restore-to-time.sh", "2026-11-22 14:35"}, 1, ""},
		"no moment":       {says, []string{"restore-to-time.sh"}, 2, ""},
		"window":          {says, []string{"restore-to-time.sh", "--window"}, 0, "did: backup window"},
		"rollback":        {says, []string{"restore-database.sh", "--rollback"}, 0, "did: backup rollback"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := script(t, payaid(t, tt.payaid), tt.args[0], tt.args[1:]...)
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if code != tt.code || lines[len(lines)-1] != tt.last {
				t.Errorf("code %d, %q, %q; want %d and %q", code, out, errs, tt.code, tt.last)
			}
		})
	}
}

// The line stands in the crontab once, beside what others put there.
func TestCronLineIsPutInOnce(t *testing.T) {
	table := filepath.Join(t.TempDir(), "crontab")
	if err := os.WriteFile(table, []byte("0 1 * * * somebody else's\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := pretend(t, "crontab", `case "$1" in -l) cat `+table+`;; -) cat > `+table+`.new && mv `+table+`.new `+table+`;; esac`)
	env := []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
	for range 2 {
		if code, out, errs := script(t, env, "setup-backup-cron.sh", "--time", "03:15"); code != 0 || out+errs != "" {
			t.Fatalf("code %d, %s%s", code, out, errs)
		}
	}
	read := func() string {
		t.Helper()
		text, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := read(); strings.Count(got, "# PayAid backup") != 1 || !strings.Contains(got, "somebody else's") || !strings.Contains(got, "\n15 03 * * * ") {
		t.Errorf("the crontab is %s", got)
	}
	if code, _, _ := script(t, env, "setup-backup-cron.sh", "--time", "25:00"); code != 2 {
		t.Errorf("a time that is none: %d", code)
	}
	if code, _, errs := script(t, env, "setup-backup-cron.sh", "--remove"); code != 0 || read() != "0 1 * * * somebody else's\n" {
		t.Errorf("removed: %d, %s, %s", code, errs, read())
	}
	// What cron would run says why it failed, and nothing when all went well.
	code, line, _ := script(t, nil, "setup-backup-cron.sh", "--print")
	command := strings.Join(strings.Fields(line)[5:], " ")
	for says, payaid := range map[string]string{"": "echo the-id", "the disk is full\n": "echo the disk is full >&2; exit 1"} {
		cmd := exec.Command("/bin/sh", "-c", command)
		cmd.Env = append(os.Environ(), "PAYAID="+filepath.Join(pretend(t, "payaid", payaid), "payaid"))
		out, err := cmd.CombinedOutput()
		if code != 0 || string(out) != says || (err == nil) != (says == "") {
			t.Errorf("cron runs %s: %q, %v", command, out, err)
		}
	}
}

// Keys are made once, with the real program.
func TestBackupKeysAreMadeOnce(t *testing.T) {
	secrets := makeSecrets(t)
	settings := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(settings, []byte("A=b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "payaid")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/web").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	var before string
	for i := range 2 {
		if code, out, errs := script(t, nil, "backup-keys.sh", secrets, settings, binary); code != 0 || out+errs != "" {
			t.Fatalf("code %d, %s%s", code, out, errs)
		}
		text, err := os.ReadFile(settings)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && string(text) != before {
			t.Errorf("the second time: %s", text)
		}
		before = string(text)
	}
	_, public, _ := strings.Cut(strings.TrimSpace(before), "PAYAID_BACKUP_RECIPIENTS=")
	if keys := strings.Split(public, ","); len(keys) != 2 || keys[0] == keys[1] || !strings.HasPrefix(keys[0], "age1") || !strings.HasPrefix(before, "A=b\n") {
		t.Errorf("settings: %s", before)
	}
	if key, err := os.ReadFile(filepath.Join(secrets, "backup_identity")); err != nil || !strings.Contains(string(key), "AGE-SECRET-KEY-1") {
		t.Errorf("identity: %v", err)
	}
}
