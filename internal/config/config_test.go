package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"payaid/internal/config"
)

func TestDefaults(t *testing.T) {
	c, err := config.Load([]string{"HOME=/nowhere", "PAYAID_ADDR=127.0.0.1:4100"})
	if err != nil {
		t.Fatal(err)
	}
	if c.BaseURL != "http://localhost:4100" || c.DataDir != "./.data" || c.Demo || c.IsProduction() || !c.SecureCookies() {
		t.Errorf("got %+v", c)
	}
}

// productionVars are a complete production environment.
func productionVars() []string {
	return []string{
		"PAYAID_ENV=production", "PAYAID_DATABASE_URL=postgres://db/x", "PAYAID_REDIS_SESSION_URL=redis://r", "PAYAID_REDIS_CACHE_URL=redis://c", "PAYAID_S3_ENDPOINT=http://s3",
		"PAYAID_S3_ACCESS_KEY=a", "PAYAID_S3_SECRET_KEY=b", "PAYAID_BASE_URL=https://crm.example.in", "PAYAID_SECRET_KEY=" + strings.Repeat("k", 32),
	}
}

func TestRefusals(t *testing.T) {
	production := productionVars()
	if _, err := config.Load(production); err != nil {
		t.Fatalf("a complete production environment: %v", err)
	}
	provider := []string{"PAYAID_OIDC_ISSUER=https://id.example.in", "PAYAID_OIDC_CLIENT_ID=x", "PAYAID_OIDC_CLIENT_SECRET=y", "PAYAID_OIDC_NAME=Example"}
	if c, err := config.Load(append(provider, production...)); err != nil || !c.OIDC.IsSet() || c.OIDC.ClientSecret != "y" {
		t.Fatalf("a complete provider: %+v, %v", c.OIDC, err)
	}
	for name, tt := range map[string]struct {
		env  []string
		says string
	}{
		"misspelt":            {[]string{"PAYAID_DATABSE_URL=x"}, "did you mean PAYAID_DATABASE_URL?"},
		"wrong sign-up":       {[]string{"PAYAID_SIGNUP=perhaps"}, "PAYAID_SIGNUP"},
		"wrong bool":          {[]string{"PAYAID_DEMO=perhaps"}, "PAYAID_DEMO"},
		"wrong level":         {[]string{"PAYAID_LOG_LEVEL=loud"}, "PAYAID_LOG_LEVEL"},
		"wrong network":       {[]string{"PAYAID_TRUSTED_PROXIES=10.0.0.0/8,nonsense"}, "PAYAID_TRUSTED_PROXIES"},
		"wrong address":       {[]string{"PAYAID_ADDR=3000"}, "PAYAID_ADDR"},
		"wrong mode":          {[]string{"PAYAID_ENV=prod"}, "PAYAID_ENV"},
		"wrong base":          {[]string{"PAYAID_BASE_URL=crm.example.in"}, "PAYAID_BASE_URL"},
		"store without key":   {[]string{"PAYAID_S3_ENDPOINT=http://s3"}, "PAYAID_S3_ACCESS_KEY"},
		"two at once":         {[]string{"PAYAID_ADDR=x", "PAYAID_ENV=y"}, "PAYAID_ENV"},
		"embedded production": {[]string{"PAYAID_ENV=production"}, "PAYAID_DATABASE_URL"},
		"weak secret":         {append(production[:7:7], "PAYAID_SECRET_KEY=short"), "PAYAID_SECRET_KEY"},
		"production demo":     {append(production[:8:8], "PAYAID_DEMO=true"), "PAYAID_DEMO"},
		"half a provider":     {[]string{"PAYAID_OIDC_ISSUER=https://id.example.in", "PAYAID_OIDC_CLIENT_ID=x"}, "PAYAID_OIDC_CLIENT_SECRET"},
		"provider unnamed":    {append(provider[:3:3], "PAYAID_OIDC_NAME="), "PAYAID_OIDC_NAME"},
		"provider no address": {append(provider[1:4:4], "PAYAID_OIDC_ISSUER=accounts.google.com"), "PAYAID_OIDC_ISSUER"},
		"provider with query": {append(provider[1:4:4], "PAYAID_OIDC_ISSUER=https://id.example.in?a=b"), "PAYAID_OIDC_ISSUER"},
		"provider long name":  {append(provider[:3:3], "PAYAID_OIDC_NAME="+strings.Repeat("n", 41)), "PAYAID_OIDC_NAME"},
		"plain provider":      {append(append(provider[1:4:4], "PAYAID_OIDC_ISSUER=http://id.example.in"), production...), "needs https"},
		"no retention":        {[]string{"PAYAID_BACKUP_RETENTION_DAYS=0"}, "PAYAID_BACKUP_RETENTION_DAYS"},
		"no days to go back":  {[]string{"PAYAID_BACKUP_PITR_DAYS=0"}, "PAYAID_BACKUP_PITR_DAYS"},
		"wrong retention":     {[]string{"PAYAID_BACKUP_RETENTION_DAYS=long"}, "PAYAID_BACKUP_RETENTION_DAYS"},
		"missing secret file": {[]string{"PAYAID_SECRET_KEY_FILE=/does/not/exist"}, "PAYAID_SECRET_KEY_FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(tt.env)
			if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, tt.says)
			}
		})
	}
}

func TestStrangersSignUpWhereSomebodySaidSo(t *testing.T) {
	for _, tt := range []struct {
		vars []string
		want bool
	}{
		{nil, true}, {[]string{"PAYAID_SIGNUP=closed"}, false}, {productionVars(), false}, {append(productionVars(), "PAYAID_SIGNUP=open"), true},
	} {
		c, err := config.Load(tt.vars)
		if err != nil || c.SignUpOpen() != tt.want {
			t.Errorf("%v: %v, %v", tt.vars, c.SignUpOpen(), err)
		}
	}
}

func TestSecretFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load([]string{"PAYAID_SECRET_KEY_FILE=" + path})
	if err != nil || c.SecretKey != "from the file" {
		t.Errorf("got %q, %v", c.SecretKey, err)
	}
	if _, err := config.Load([]string{"PAYAID_SECRET_KEY_FILE=" + path, "PAYAID_SECRET_KEY=x"}); err == nil {
		t.Error("both given: want an error")
	}
}

func TestInjectedAndReservedNamesAreAccepted(t *testing.T) {
	env := []string{"PAYAID_PORT=tcp://10.0.0.1:80", "PAYAID_SERVICE_HOST=10.0.0.1", "PAYAID_AI_URL=http://ollama"}
	if _, err := config.Load(env); err != nil {
		t.Error(err)
	}
	c, err := config.Load([]string{"PAYAID_TRUSTED_PROXIES=127.0.0.1, 10.0.0.0/8"})
	if err != nil || len(c.TrustedProxies) != 2 || c.TrustedProxies[0].String() != "127.0.0.1/32" {
		t.Errorf("trusted proxies: %v, %v", c.TrustedProxies, err)
	}
	if got := config.Unused(env); len(got) != 1 || got[0] != "PAYAID_AI_URL" {
		t.Errorf("unused: %v", got)
	}
}

// Every variable stands in the README's table.
func TestDocumented(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range config.Variables() {
		if !strings.Contains(string(b), "| `"+v.Name+"` |") {
			t.Errorf("the README's table lacks %s", v.Name)
		}
	}
}
