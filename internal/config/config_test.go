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

func TestRefusals(t *testing.T) {
	production := []string{
		"PAYAID_ENV=production", "PAYAID_DATABASE_URL=postgres://db/x", "PAYAID_REDIS_SESSION_URL=redis://r", "PAYAID_S3_ENDPOINT=http://s3",
		"PAYAID_S3_ACCESS_KEY=a", "PAYAID_S3_SECRET_KEY=b", "PAYAID_BASE_URL=https://crm.example.in", "PAYAID_SECRET_KEY=" + strings.Repeat("k", 32),
	}
	if _, err := config.Load(production); err != nil {
		t.Fatalf("a complete production environment: %v", err)
	}
	for name, tt := range map[string]struct {
		env  []string
		says string
	}{
		"misspelt":            {[]string{"PAYAID_DATABSE_URL=x"}, "did you mean PAYAID_DATABASE_URL?"},
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
