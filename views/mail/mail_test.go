package mail_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"payaid/views/mail"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares both forms of each mail with testdata. After a wanted
// change: go test ./views/mail -update, and look at them.
func TestGolden(t *testing.T) {
	m, err := mail.PasswordReset("https://crm.example.in/")("asha@example.in", "Asha <b>", "tok-en_1")
	if err != nil {
		t.Fatal(err)
	}
	if m.To != "asha@example.in" || m.Subject != "Set a new password for PayAid" {
		t.Errorf("to %q, subject %q", m.To, m.Subject)
	}
	compare(t, "reset.txt", m.Text)
	compare(t, "reset.html", m.HTML)
}

func TestALetterWithoutAButtonHasNone(t *testing.T) {
	m, err := mail.Letter{Subject: "Hello", Greeting: "Hello,", Text: []string{"one", "two"}}.Message("a@example.in")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.HTML, "<a ") || !strings.HasPrefix(m.Text, "Hello,\n\none\n\ntwo\n\n-- \n") {
		t.Errorf("got %s\n%s", m.Text, m.HTML)
	}
}

// A mail loads nothing and runs nothing: programs block it, and it would tell
// who reads it.
func TestMailsLoadNothing(t *testing.T) {
	m, err := mail.PasswordReset("https://crm.example.in")("a@example.in", "A", "t")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "<link", "url(", "@import", "<iframe"} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("the mail holds %s", bad)
		}
	}
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (after a wanted change run with -update)\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}
