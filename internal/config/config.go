// Package config reads the environment into one validated struct. Nothing else
// in PayAid reads environment variables.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caarlos0/env/v11"
)

// Production is the value of PAYAID_ENV that refuses everything made for trying
// out.
const Production = "production"

// The values of PAYAID_SIGNUP.
const (
	signUpOpen   = "open"
	signUpClosed = "closed"
)

// minSecret is the least length of PAYAID_SECRET_KEY in production.
const minSecret = 32

// What PAYAID_REQUEST_RATE may be.
const (
	minRequestRate = 60
	maxRequestRate = 6_000_000
)

// Config is what the environment says. An absent server URL means the embedded
// server in DataDir.
type Config struct {
	Env              string     `env:"PAYAID_ENV" envDefault:"development" doc:"development or production; production refuses embedded servers, the demo and weak secrets"`
	Addr             string     `env:"PAYAID_ADDR" envDefault:"127.0.0.1:3000" doc:"address and port to listen on"`
	PrivateAddr      string     `env:"PAYAID_PRIVATE_ADDR" doc:"address and port for those who look after the machines, such as 127.0.0.1:9464: /metrics, also of a worker, and /debug/pprof; nothing listens when absent"`
	BaseURL          string     `env:"PAYAID_BASE_URL" doc:"address people use, such as https://crm.example.in; http://localhost with the port when absent"`
	DataDir          string     `env:"PAYAID_DATA_DIR" envDefault:"./.data" doc:"where the embedded servers keep their data"`
	DatabaseURL      string     `env:"PAYAID_DATABASE_URL" doc:"PostgreSQL as the role payaid_app" secret:"true"`
	DatabaseOwnerURL string     `env:"PAYAID_DATABASE_OWNER_URL" doc:"PostgreSQL as the role payaid_owner, for migrations, drills and restores only" secret:"true"`
	BackupURL        string     `env:"PAYAID_DATABASE_BACKUP_URL" doc:"PostgreSQL as the role payaid_backup, for backups only" secret:"true"`
	RedisSessionURL  string     `env:"PAYAID_REDIS_SESSION_URL" doc:"Redis or Valkey for sessions and rate limits; must not evict" secret:"true"`
	RedisCacheURL    string     `env:"PAYAID_REDIS_CACHE_URL" doc:"Redis or Valkey for the cache; better without persistence, with maxmemory and allkeys-lru" secret:"true"`
	S3               S3         `envPrefix:"PAYAID_S3_"`
	SecretKey        string     `env:"PAYAID_SECRET_KEY" doc:"at least 32 random characters; made once for the embedded default" secret:"true"`
	OIDC             OIDC       `envPrefix:"PAYAID_OIDC_"`
	SMTPURL          string     `env:"PAYAID_SMTP_URL" doc:"mail server, such as smtp://user:password@mail.example.in:587 or smtps://…, with ?from= for another sender; without it mails stay in the mailbox at /admin/mail" secret:"true"`
	Backup           Backup     `envPrefix:"PAYAID_BACKUP_"`
	TrustedProxies   Networks   `env:"PAYAID_TRUSTED_PROXIES" doc:"networks of the proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8, separated by commas"`
	RequestRate      int        `env:"PAYAID_REQUEST_RATE" envDefault:"1200" doc:"requests a minute of one person or API key, a quarter of them at once; all of a business together have ten times as many"`
	SignUp           string     `env:"PAYAID_SIGNUP" doc:"open lets strangers sign up and make a business, closed does not; closed in production unless set"`
	Demo             bool       `env:"PAYAID_DEMO" envDefault:"false" doc:"true makes a demo business; refused in production"`
	LogLevel         slog.Level `env:"PAYAID_LOG_LEVEL" envDefault:"info" doc:"debug, info, warn or error"`
}

// Networks is a list of networks and addresses, separated by commas.
type Networks []netip.Prefix

// UnmarshalText reads the list; an address stands for itself alone.
func (n *Networks) UnmarshalText(text []byte) error {
	for s := range strings.SplitSeq(string(text), ",") {
		s = strings.TrimSpace(s)
		if a, err := netip.ParseAddr(s); err == nil {
			*n = append(*n, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", s)
		}
		*n = append(*n, p)
	}
	return nil
}

// S3 names the object store. Without an endpoint files are kept in DataDir.
type S3 struct {
	Endpoint  string `env:"ENDPOINT" doc:"object store, such as https://s3.example.in"`
	Region    string `env:"REGION" envDefault:"us-east-1" doc:"region of the object store"`
	Bucket    string `env:"BUCKET" envDefault:"payaid" doc:"bucket of the object store; made when it does not exist"`
	AccessKey string `env:"ACCESS_KEY" doc:"access key of the object store" secret:"true"`
	SecretKey string `env:"SECRET_KEY" doc:"secret key of the object store" secret:"true"`
}

// OIDC names the OpenID Provider by which people may sign in: all of it or nothing.
type OIDC struct {
	Issuer       string `env:"ISSUER" doc:"OpenID Provider, such as https://accounts.google.com, exactly as it names itself"`
	ClientID     string `env:"CLIENT_ID" doc:"id of PayAid at the OpenID Provider"`
	ClientSecret string `env:"CLIENT_SECRET" doc:"secret of PayAid at the OpenID Provider" secret:"true"`
	Name         string `env:"NAME" doc:"what people call the provider, such as Google Workspace; the button says Continue with it"`
}

// IsSet reports whether people may sign in by a provider.
func (o OIDC) IsSet() bool { return o.Issuer != "" }

// maxProviderName keeps the button on one line of a phone.
const maxProviderName = 40

func (o OIDC) check(production bool) []error {
	var errs []error
	values := []struct{ name, value string }{
		{"PAYAID_OIDC_ISSUER", o.Issuer}, {"PAYAID_OIDC_CLIENT_ID", o.ClientID}, {"PAYAID_OIDC_CLIENT_SECRET", o.ClientSecret}, {"PAYAID_OIDC_NAME", o.Name},
	}
	if o == (OIDC{}) {
		return nil
	}
	for _, v := range values {
		if v.value == "" {
			errs = append(errs, fmt.Errorf("%s: the sign-in by a provider needs it beside the other PAYAID_OIDC_ variables; set all four or none", v.name))
		}
	}
	u, err := url.Parse(o.Issuer)
	if o.Issuer != "" && (err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http")) {
		errs = append(errs, fmt.Errorf("PAYAID_OIDC_ISSUER: %q is not an address such as https://accounts.google.com", o.Issuer))
	} else if production && o.Issuer != "" && u.Scheme != "https" {
		errs = append(errs, errors.New("PAYAID_OIDC_ISSUER: production needs https, or anybody on the way could sign in as anybody"))
	}
	if utf8.RuneCountInString(o.Name) > maxProviderName {
		errs = append(errs, fmt.Errorf("PAYAID_OIDC_NAME: use at most %d characters", maxProviderName))
	}
	return errs
}

// Backup says when backups are made, how long they are kept and who can open them.
type Backup struct {
	Schedule      string `env:"SCHEDULE" envDefault:"02:00 Asia/Kolkata" doc:"time and zone of the daily backup, or off"`
	RetentionDays int    `env:"RETENTION_DAYS" envDefault:"30" doc:"days that backups are kept; the three newest verified ones always stay"`
	Recipients    string `env:"RECIPIENTS" doc:"public keys that open backups, at least two, separated by commas; production needs them, the embedded default makes its own"`
	Identity      string `env:"IDENTITY" doc:"private key of one recipient, for drills and restores; without it scheduled backups are read back but not restored" secret:"true"`
	DatabaseDir   string `env:"DATABASE_DIR" doc:"a directory on the file system of the database server, where this process can see it; restores and drills then look for room before they load anything"`
	DrillURL      string `env:"DRILL_URL" doc:"PostgreSQL as the role payaid_owner on another server, where drills restore; the database's own server when absent" secret:"true"`
	PITR          bool   `env:"PITR" envDefault:"false" doc:"true archives the write-ahead log, so that any moment of the last days can be restored"`
	PITRDays      int    `env:"PITR_DAYS" envDefault:"7" doc:"for how many days back a moment can be restored"`
	WorkDir       string `env:"WORK_DIR" doc:"where the write-ahead log is received and servers are recovered; recovery in the data directory when absent"`
}

// RecipientList splits Recipients.
func (b Backup) RecipientList() []string {
	return strings.FieldsFunc(b.Recipients, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// reserved are names of the contract that later versions read. They are accepted
// so that one file of variables serves all versions; Unused reports them.
var reserved = []string{
	"PAYAID_DATABASE_REPLICA_URLS", "PAYAID_AI_URL", "PAYAID_AI_MODEL",
}

// Variable documents one environment variable.
type Variable struct {
	Name    string
	Default string
	Doc     string
	Secret  bool // may also be given as NAME_FILE, the path of a file that holds it
}

// Variables lists every variable in the order of Config.
func Variables() []Variable { return variables(reflect.TypeFor[Config](), "") }

func variables(t reflect.Type, prefix string) []Variable {
	var out []Variable
	for f := range t.Fields() {
		if p := f.Tag.Get("envPrefix"); p != "" {
			out = append(out, variables(f.Type, prefix+p)...)
			continue
		}
		out = append(out, Variable{Name: prefix + f.Tag.Get("env"), Default: f.Tag.Get("envDefault"), Doc: f.Tag.Get("doc"), Secret: f.Tag.Get("secret") != ""})
	}
	return out
}

// Load reads and validates environ, which is in the form of os.Environ. All that
// is wrong is in the one error.
func Load(environ []string) (Config, error) {
	vars := map[string]string{}
	for _, kv := range environ {
		if k, v, _ := strings.Cut(kv, "="); strings.HasPrefix(k, "PAYAID_") && v != "" {
			vars[k] = v
		}
	}
	errs := append(readSecretFiles(vars), unknownNames(vars)...)
	c, err := env.ParseAsWithOptions[Config](env.Options{Environment: vars, FuncMap: parsers})
	if err != nil {
		errs = append(errs, plain(err))
	} else {
		errs = append(errs, c.check()...)
	}
	if len(errs) > 0 {
		return Config{}, joined(errs)
	}
	if c.BaseURL == "" {
		_, port, _ := net.SplitHostPort(c.Addr)
		c.BaseURL = "http://localhost:" + port
	}
	return c, nil
}

// joined puts several errors on one line.
func joined(errs []error) error {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

var parsers = map[reflect.Type]env.ParserFunc{
	reflect.TypeFor[slog.Level](): func(s string) (any, error) {
		var l slog.Level
		return l, l.UnmarshalText([]byte(s))
	},
}

// plain turns the library's error, which may hold several, into one line with the
// variables' names.
func plain(err error) error {
	agg, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return err
	}
	var texts []string
	for _, e := range agg.Errors {
		if p, ok := errors.AsType[env.ParseError](e); ok {
			texts = append(texts, fmt.Sprintf("%s: %v", variableOf(p.Name), p.Err))
			continue
		}
		texts = append(texts, e.Error())
	}
	return errors.New(strings.Join(texts, "; "))
}

func variableOf(field string) string {
	if f, ok := reflect.TypeFor[Config]().FieldByName(field); ok {
		return f.Tag.Get("env")
	}
	if f, ok := reflect.TypeFor[S3]().FieldByName(field); ok {
		return "PAYAID_S3_" + f.Tag.Get("env")
	}
	if f, ok := reflect.TypeFor[Backup]().FieldByName(field); ok {
		return "PAYAID_BACKUP_" + f.Tag.Get("env")
	}
	return field
}

// readSecretFiles replaces NAME_FILE by NAME with the file's content.
func readSecretFiles(vars map[string]string) []error {
	var errs []error
	for _, v := range Variables() {
		path, ok := vars[v.Name+"_FILE"]
		if !ok || !v.Secret {
			continue
		}
		delete(vars, v.Name+"_FILE")
		if vars[v.Name] != "" {
			errs = append(errs, fmt.Errorf("set %s or %s_FILE, not both", v.Name, v.Name))
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s_FILE: %w", v.Name, err))
			continue
		}
		vars[v.Name] = strings.TrimSpace(string(b))
	}
	return errs
}

// unknownNames refuses misspelt variables, but not what Kubernetes injects for a
// service called payaid.
func unknownNames(vars map[string]string) []error {
	known := slices.Clone(reserved)
	for _, v := range Variables() {
		known = append(known, v.Name)
	}
	var errs []error
	for name := range vars {
		if slices.Contains(known, name) || slices.Contains(known, strings.TrimSuffix(name, "_FILE")) ||
			strings.HasPrefix(name, "PAYAID_PORT") || strings.HasPrefix(name, "PAYAID_SERVICE_") || strings.HasPrefix(name, "PAYAID_TEST_") {
			continue
		}
		errs = append(errs, fmt.Errorf("there is no variable %s: did you mean %s?", name, nearest(name, known)))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

// Unused lists the set variables that this version does not read yet.
func Unused(environ []string) []string {
	var out []string
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if slices.Contains(reserved, strings.TrimSuffix(name, "_FILE")) {
			out = append(out, name)
		}
	}
	return out
}

func (c *Config) check() []error {
	var errs []error
	bad := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf(name+": "+format, args...))
	}
	if c.Env != Production && c.Env != "development" {
		bad("PAYAID_ENV", "%q is neither development nor production", c.Env)
	}
	if c.SignUp != "" && c.SignUp != signUpOpen && c.SignUp != signUpClosed {
		bad("PAYAID_SIGNUP", "%q is neither open nor closed", c.SignUp)
	}
	if _, port, err := net.SplitHostPort(c.Addr); err != nil || port == "" {
		bad("PAYAID_ADDR", "%q is not host:port, such as 127.0.0.1:3000", c.Addr)
	}
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")) {
		bad("PAYAID_BASE_URL", "%q is not an address such as https://crm.example.in", c.BaseURL)
	}
	if (c.DatabaseURL == "") != (c.DatabaseOwnerURL == "") && c.DatabaseURL == "" {
		bad("PAYAID_DATABASE_OWNER_URL", "needs PAYAID_DATABASE_URL beside it")
	}
	if c.Backup.RetentionDays < 1 {
		bad("PAYAID_BACKUP_RETENTION_DAYS", "%d is not a number of days from 1 on", c.Backup.RetentionDays)
	}
	if c.Backup.PITRDays < 1 {
		bad("PAYAID_BACKUP_PITR_DAYS", "%d is not a number of days from 1 on", c.Backup.PITRDays)
	}
	if c.S3.Endpoint != "" && (c.S3.AccessKey == "" || c.S3.SecretKey == "") {
		bad("PAYAID_S3_ENDPOINT", "needs PAYAID_S3_ACCESS_KEY and PAYAID_S3_SECRET_KEY beside it")
	}
	if c.RequestRate < minRequestRate || c.RequestRate > maxRequestRate {
		errs = append(errs, fmt.Errorf("PAYAID_REQUEST_RATE: choose a number from %d to %d", minRequestRate, maxRequestRate))
	}
	errs = append(errs, c.OIDC.check(c.IsProduction())...)
	if c.IsProduction() {
		errs = append(errs, c.checkProduction()...)
	}
	return errs
}

func (c *Config) checkProduction() []error {
	var errs []error
	need := func(name, value string) {
		if value == "" {
			errs = append(errs, fmt.Errorf("%s: production needs it, an embedded server is not for production", name))
		}
	}
	need("PAYAID_DATABASE_URL", c.DatabaseURL)
	need("PAYAID_REDIS_SESSION_URL", c.RedisSessionURL)
	need("PAYAID_REDIS_CACHE_URL", c.RedisCacheURL)
	need("PAYAID_S3_ENDPOINT", c.S3.Endpoint)
	if c.BaseURL == "" {
		errs = append(errs, errors.New("PAYAID_BASE_URL: production needs the address people use"))
	}
	if len(c.SecretKey) < minSecret {
		errs = append(errs, fmt.Errorf("PAYAID_SECRET_KEY: production needs at least %d random characters", minSecret))
	}
	if c.Demo {
		errs = append(errs, errors.New("PAYAID_DEMO: the demo's passwords are public, so it is refused in production"))
	}
	return errs
}

// IsProduction reports whether everything made for trying out is refused.
func (c *Config) IsProduction() bool { return c.Env == Production }

// SignUpOpen reports whether strangers may sign up. In production somebody decides
// so first.
func (c *Config) SignUpOpen() bool {
	if c.SignUp == "" {
		return !c.IsProduction()
	}
	return c.SignUp == signUpOpen
}

// SecureCookies reports whether a browser will take a Secure cookie from BaseURL:
// over https, and from this machine itself.
func (c *Config) SecureCookies() bool {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return true
	}
	host := u.Hostname()
	return u.Scheme == "https" || host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}
