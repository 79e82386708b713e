package mail_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"payaid/internal/auth"
	"payaid/internal/backup"
	post "payaid/internal/mail"
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

	m, err = mail.IdentityLinked("https://crm.example.in/")("asha@example.in", "Asha <b>", "Example & Sons")
	if err != nil {
		t.Fatal(err)
	}
	if m.To != "asha@example.in" || m.Subject != "Your PayAid account now opens with Example & Sons" {
		t.Errorf("to %q, subject %q", m.To, m.Subject)
	}
	compare(t, "link.txt", m.Text)
	compare(t, "link.html", m.HTML)
}

// Every notice has words of its own, and says when.
func TestNotices(t *testing.T) {
	at := time.Date(2026, 11, 22, 4, 30, 0, 0, time.UTC)
	subjects := map[string]bool{}
	for _, n := range auth.Notices {
		m, err := mail.SecurityNotice("https://crm.example.in/")("asha@example.in", "Asha", n, at)
		if err != nil {
			t.Fatal(err)
		}
		subjects[m.Subject] = true
		if m.Subject == "" || !strings.Contains(m.Text, "22 November 2026 at 10:00 am") || !strings.Contains(m.Text, "https://crm.example.in/") {
			t.Errorf("%s: %q\n%s", n, m.Subject, m.Text)
		}
		if n == auth.NoticeRecoveryCodeUsed {
			compare(t, "notice.txt", m.Text)
		}
	}
	if len(subjects) != len(auth.Notices) {
		t.Errorf("%d subjects for %d notices", len(subjects), len(auth.Notices))
	}
}

func TestGoldenOfAccounts(t *testing.T) {
	const base, to = "https://crm.example.in/", "devi@example.in"
	for name, write := range map[string]func() (post.Message, error){
		"signup":       func() (post.Message, error) { return mail.SignUp(base)(to, "tok-en_1") },
		"signup_known": func() (post.Message, error) { return mail.SignUpKnown(base)(to, "Devi <b>") },
		"invitation": func() (post.Message, error) {
			return mail.Invitation(base)(to, "Asha\r\nBcc: x@example.in", "Udyog <Traders>", auth.Manager, "tok-en_1")
		},
	} {
		m, err := write()
		if err != nil {
			t.Fatal(err)
		}
		if m.To != to || strings.ContainsAny(m.Subject, "\r\n") {
			t.Errorf("%s: to %q, subject %q", name, m.To, m.Subject)
		}
		compare(t, name+".txt", m.Subject+"\n\n"+m.Text)
		compare(t, name+".html", m.HTML)
	}
}

// What administrators are told when a business changes hands or is closed.
func TestTheEndOfABusiness(t *testing.T) {
	m, err := mail.HandedOver("https://crm.example.in/")("asha@example.in", "Asha", "Udyog <b>", "Asha", "Divya")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "handed-over.txt", m.Text)
	until := time.Date(2026, 12, 21, 20, 0, 0, 0, time.UTC) // the next day in India
	if m, err = mail.Closed(time.FixedZone("IST", 19800))("asha@example.in", "Asha", "Udyog", "Divya", until); err != nil {
		t.Fatal(err)
	}
	compare(t, "closed.txt", m.Text)
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

// What administrators are told when the backups are not well.
func TestBackupAlarms(t *testing.T) {
	subjects := map[string]bool{}
	for _, kind := range []string{backup.WrongOverdue, backup.WrongNight, backup.WrongDrill} {
		m, err := mail.BackupAlarm("https://crm.example.in/")("asha@example.in", "Asha <b>", backup.Wrong{Kind: kind, Says: "There is no verified backup."})
		if err != nil {
			t.Fatal(err)
		}
		subjects[m.Subject] = true
		if kind == backup.WrongOverdue {
			compare(t, "backup.txt", m.Subject+"\n\n"+m.Text)
		}
	}
	if len(subjects) != 3 {
		t.Errorf("subjects %v", subjects)
	}
}
