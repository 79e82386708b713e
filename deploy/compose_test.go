package deploy_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"payaid/internal/config"
)

// stack is what the tests look at in docker-compose.prod.yml.
type stack struct {
	Services map[string]service
	Networks map[string]struct{ Internal bool }
	Volumes  map[string]any
	Secrets  map[string]struct{ File string }
}

type service struct {
	Image, Restart, User, Privileged string
	ContainerName                    string   `yaml:"container_name"`
	PullPolicy                       string   `yaml:"pull_policy"`
	NetworkMode                      string   `yaml:"network_mode"`
	StopGracePeriod                  string   `yaml:"stop_grace_period"`
	ReadOnly                         bool     `yaml:"read_only"`
	CapDrop                          []string `yaml:"cap_drop"`
	SecurityOpt                      []string `yaml:"security_opt"`
	Environment                      map[string]string
	Secrets, Volumes, Ports          []string
	Networks, Profiles               []string
	Command                          []string
	DependsOn                        map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck                      struct {
		Test []string
	}
	Deploy struct {
		Resources struct {
			Limits struct{ CPUs, Memory, Pids string }
		}
	}
}

// loadStack reads the file as Compose does without a .env: ${NAME:-default} is
// its default.
func loadStack(t *testing.T) stack {
	t.Helper()
	text, err := os.ReadFile("../docker-compose.prod.yml")
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`\$\{\w+:-([^}]*)\}`).ReplaceAll(text, []byte("$1"))
	var s stack
	if err := yaml.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Services) < 7 {
		t.Fatalf("only %d services were read", len(s.Services))
	}
	return s
}

// oneShot are the services that end by themselves.
var oneShot = []string{"migrate"}

func TestEveryServiceIsHardened(t *testing.T) {
	pinned := regexp.MustCompile(`^[a-z0-9./-]+:v?[0-9]+\.[0-9][\w.-]*(@sha256:[0-9a-f]{64})?$`)
	for name, s := range loadStack(t).Services {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(s.Image, "payaid") {
				if s.PullPolicy != "never" {
					t.Error("our own image must not be looked for in a registry")
				}
			} else if !pinned.MatchString(s.Image) {
				t.Errorf("image %q has no full version", s.Image)
			}
			if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.Privileged != "" || s.NetworkMode != "" {
				t.Error("must be read-only and without capabilities, new privileges and the machine's network")
			}
			if l := s.Deploy.Resources.Limits; l.CPUs == "" || l.Memory == "" || l.Pids == "" {
				t.Errorf("limits are %+v", l)
			}
			if s.ContainerName != "" {
				t.Error("a fixed container name cannot be scaled")
			}
			if once := slices.Contains(oneShot, name); once != (len(s.Healthcheck.Test) == 0) || once != (s.Restart == "no") {
				t.Errorf("a service that goes on needs a health check and a restart, one that ends neither: %v, restart %q", s.Healthcheck.Test, s.Restart)
			}
		})
	}
}

func TestOnlyNginxIsReached(t *testing.T) {
	st := loadStack(t)
	if !st.Networks["backend"].Internal {
		t.Error("the network backend must be internal")
	}
	for name, s := range st.Services {
		want := []string{"backend"}
		switch name {
		case "nginx":
			want = []string{"edge"}
		case "app", "worker", "backup", "grafana":
			want = []string{"edge", "backend"}
		}
		if !slices.Equal(s.Networks, want) {
			t.Errorf("%s is in the networks %v, want %v", name, s.Networks, want)
		}
		// Whoever watches the machines reaches Grafana from the machine itself.
		if (name == "nginx" || name == "grafana") != (len(s.Ports) > 0) {
			t.Errorf("%s publishes %v", name, s.Ports)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s publishes %s before anybody set up https", name, p)
			}
		}
	}
}

func TestServicesWaitForWhatTheyNeed(t *testing.T) {
	st := loadStack(t)
	for name, s := range st.Services {
		for on, d := range s.DependsOn {
			want := "service_healthy"
			if slices.Contains(oneShot, on) {
				want = "service_completed_successfully"
			}
			if _, exists := st.Services[on]; !exists || d.Condition != want {
				t.Errorf("%s waits for %s with %q, want %q", name, on, d.Condition, want)
			}
		}
	}
	for _, name := range []string{"app", "worker", "backup"} {
		if _, waits := st.Services[name].DependsOn["migrate"]; !waits {
			t.Errorf("%s does not wait for migrate", name)
		}
	}
	// drainTime and twice stopTimeout of cmd/web/serve.go.
	const needs = 43 * time.Second
	if grace, err := time.ParseDuration(st.Services["app"].StopGracePeriod); err != nil || grace < needs {
		t.Errorf("app is killed after %q, it may need %s", st.Services["app"].StopGracePeriod, needs)
	}
	// Since version 18 the image refuses a volume at …/data.
	if v := st.Services["postgres"].Volumes; !slices.Contains(v, "postgres:/var/lib/postgresql") {
		t.Errorf("postgres mounts %v", v)
	}
}

func TestSecretsAreMade(t *testing.T) {
	st, made := loadStack(t), makeSecrets(t)
	used := map[string]bool{}
	for name, s := range st.Services {
		for _, secret := range s.Secrets {
			used[secret] = true
			if _, declared := st.Secrets[secret]; !declared {
				t.Errorf("%s uses the secret %s, which is not declared", name, secret)
			}
		}
		for variable, value := range s.Environment {
			if secret, ok := strings.CutPrefix(value, "/run/secrets/"); ok && !slices.Contains(s.Secrets, secret) {
				t.Errorf("%s: %s names a secret that the service does not have", name, variable)
			}
			if isSecret(variable) {
				t.Errorf("%s: %s stands in the environment, where docker inspect shows it", name, variable)
			}
		}
	}
	for name, secret := range st.Secrets {
		if !used[name] {
			t.Errorf("the secret %s is used by nobody", name)
		}
		least := 7
		if slices.Contains(givenByOthers, name) {
			least = 1
		}
		if content, err := os.ReadFile(filepath.Join(made, name)); err != nil || len(content) < least || secret.File != "deploy/secrets/"+name {
			t.Errorf("secret %s from %s: made %d bytes, %v", name, secret.File, len(content), err)
		}
	}
}

// givenByOthers are the secrets that nobody can make here: they are made empty.
var givenByOthers = []string{"oidc_client_secret", "smtp_url", "backup_identity"}

func isSecret(variable string) bool {
	return slices.ContainsFunc(config.Variables(), func(v config.Variable) bool { return v.Secret && v.Name == variable })
}

// The application itself accepts the environment that the stack gives it, with
// the secrets that are made for it.
func TestApplicationAcceptsItsEnvironment(t *testing.T) {
	st, made := loadStack(t), makeSecrets(t)
	for _, name := range []string{"app", "worker", "backup", "migrate"} {
		var environ []string
		for k, v := range st.Services[name].Environment {
			environ = append(environ, k+"="+strings.Replace(v, "/run/secrets", made, 1))
		}
		c, err := config.Load(environ)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if unused := config.Unused(environ); len(unused) > 0 {
			t.Errorf("%s is given %v, which nothing reads yet", name, unused)
		}
		if !c.IsProduction() || !c.SecureCookies() || len(c.TrustedProxies) == 0 || (c.DatabaseOwnerURL != "") != (name == "migrate" || name == "backup") || (c.BackupURL != "") != (name == "backup") {
			t.Errorf("%s: production %t, secure cookies %t, %d trusted networks, owner's URL %t", name, c.IsProduction(), c.SecureCookies(), len(c.TrustedProxies), c.DatabaseOwnerURL != "")
		}
	}
	for name, s := range st.Services {
		for variable := range s.Environment {
			known := slices.ContainsFunc(config.Variables(), func(v config.Variable) bool {
				return v.Name == variable || v.Secret && v.Name+"_FILE" == variable
			})
			if strings.HasPrefix(variable, "PAYAID_") && !known {
				t.Errorf("%s: there is no variable %s", name, variable)
			}
		}
	}
}

// optional are the services that run with a profile only.
var optional = map[string][]string{"wal": {"pitr"}, "prometheus": {"monitoring"}, "grafana": {"monitoring"}}

// The archive of the write-ahead log is an option: without its profile and setting the
// stack is as it was, with them one service more reads the log and has no private key.
func TestTheArchiveOfTheLogIsAnOption(t *testing.T) {
	st, made := loadStack(t), makeSecrets(t)
	for name, s := range st.Services {
		if want := optional[name]; !slices.Equal(s.Profiles, want) {
			t.Errorf("%s has the profiles %v, want %v", name, s.Profiles, want)
		}
		for _, secret := range []string{"backup_identity", "database_owner_url", "smtp_url"} {
			if name == "wal" && slices.Contains(s.Secrets, secret) {
				t.Errorf("%s has the secret %s", name, secret)
			}
		}
	}
	for _, name := range []string{"app", "worker", "backup", "wal"} {
		environ := []string{"PAYAID_BACKUP_PITR=true"}
		for k, v := range st.Services[name].Environment {
			if k == "PAYAID_BACKUP_PITR" && v != "false" {
				t.Errorf("%s archives the log unless told not to", name)
			} else if k != "PAYAID_BACKUP_PITR" {
				environ = append(environ, k+"="+strings.Replace(v, "/run/secrets", made, 1))
			}
		}
		c, err := config.Load(environ)
		if err != nil || !c.Backup.PITR || c.Backup.PITRDays != 7 {
			t.Errorf("%s: %+v, %v", name, c.Backup, err)
		}
		// Who recovers or receives has a place for it that outlives the container.
		if needs := name == "backup" || name == "wal"; needs != (c.Backup.WorkDir == "/var/lib/payaid") || needs != (len(st.Services[name].Volumes) == 1) {
			t.Errorf("%s works in %q with %v", name, c.Backup.WorkDir, st.Services[name].Volumes)
		}
	}
	if wal := st.Services["wal"]; !slices.Equal(wal.Command, []string{"backup", "receive-wal"}) || !slices.Contains(wal.Healthcheck.Test, "--fresh") {
		t.Errorf("wal runs %v and is checked by %v", wal.Command, wal.Healthcheck.Test)
	}
	if !strings.Contains(strings.Join(st.Services["postgres"].Command, " "), "max_slot_wal_keep_size=") {
		t.Error("a service that does not read the log would fill the disk of the database")
	}
}

// Who sends mails reads the address of the mail server, and so does the
// application, which says whether there is one. Nobody else sees its password.
func TestMailServerIsGivenToWhoNeedsIt(t *testing.T) {
	st, made := loadStack(t), makeSecrets(t)
	const address = "smtp://asha:secret@mail.example.in:587?from=crm@example.in"
	file := filepath.Join(made, "smtp_url")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(address+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("./secrets.sh", made).CombinedOutput(); err != nil {
		t.Fatalf("secrets.sh: %v %s", err, out)
	}
	for name, s := range st.Services {
		needs := name == "app" || name == "worker" || name == "backup"
		if slices.Contains(s.Secrets, "smtp_url") != needs {
			t.Errorf("%s has the secrets %v", name, s.Secrets)
		}
		if !needs {
			continue
		}
		var environ []string
		for k, v := range s.Environment {
			environ = append(environ, k+"="+strings.Replace(v, "/run/secrets", made, 1))
		}
		if c, err := config.Load(environ); err != nil || c.SMTPURL != address {
			t.Errorf("%s reads %q, %v", name, c.SMTPURL, err)
		}
	}
	// Each sign-in at a mail server counts: none may be made every 30 seconds.
	if check := st.Services["worker"].Healthcheck.Test; !slices.Contains(check, "--inside") {
		t.Errorf("the worker's health check is %q", check)
	}
}

func makeSecrets(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "secrets")
	if out, err := exec.Command("./secrets.sh", dir).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("secrets.sh: %v %s", err, out)
	}
	return dir
}

func TestSecretsAreKeptAndHidden(t *testing.T) {
	dir := makeSecrets(t)
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is open to others: %v, %v", info.Mode(), err)
	}
	before := readAll(t, dir)
	if err := os.Remove(filepath.Join(dir, "secret_key")); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "tls", "privkey.pem")
	if err := os.WriteFile(key, []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("./secrets.sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("the second time: %v %s", err, out)
	}
	after := readAll(t, dir)
	for name, content := range before {
		if (name == "secret_key") == (after[name] == content) {
			t.Errorf("%s was changed: %t", name, after[name] != content)
		}
	}
	// Containers read as users of their own.
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("nginx cannot read the key: %v, %v", info.Mode(), err)
	}
	for _, name := range givenByOthers {
		if strings.TrimSpace(after[name]) != "" {
			t.Errorf("%s was made up: %q", name, after[name])
		}
		delete(after, name)
	}
	values := slices.Sorted(maps.Values(after))
	if len(slices.Compact(values)) != len(after) {
		t.Error("two secrets are the same")
	}
}

func readAll(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, p := range paths {
		if b, err := os.ReadFile(p); err == nil {
			files[filepath.Base(p)] = string(b)
		}
	}
	return files
}
