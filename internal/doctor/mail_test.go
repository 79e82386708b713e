package doctor_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"payaid/internal/blob"
	"payaid/internal/doctor"
	"payaid/internal/mail"
	"payaid/internal/servertest"
)

func TestMailServer(t *testing.T) {
	open, guarded := servertest.SMTP(t), servertest.SMTP(t)
	guarded.RequireLogin("asha", "right")
	_, port, _ := net.SplitHostPort(guarded.Addr)
	for name, tt := range map[string]struct {
		url, baseURL string
		production   bool
		status       []doctor.Status
		says         string
	}{
		"none":            {status: []doctor.Status{doctor.OK}, says: "mails land at /admin/mail"},
		"none for people": {production: true, status: []doctor.Status{doctor.Warn}, says: "a new password reach nobody"},
		"good":            {url: open.URL(), status: []doctor.Status{doctor.OK, doctor.OK}, says: "takes mails, without TLS"},
		"sign-in":         {url: "smtp://asha:right@" + guarded.Addr, status: []doctor.Status{doctor.OK, doctor.OK}, says: "takes mails"},
		"wrong password":  {url: "smtp://asha:wrong@" + guarded.Addr, status: []doctor.Status{doctor.Wrong, doctor.OK}, says: "refuses the sign-in"},
		"no sign-in":      {url: "smtp://asha:right@" + open.Addr, status: []doctor.Status{doctor.Wrong, doctor.OK}, says: "does not support SMTP AUTH"},
		"closed port":     {url: "smtp://127.0.0.1:1", status: []doctor.Status{doctor.Wrong, doctor.OK}, says: "connection refused"},
		// This name of the machine is none that a password may be sent to in the clear.
		"STARTTLS missing": {url: "smtp://asha:right@0.0.0.0:" + port, status: []doctor.Status{doctor.Wrong, doctor.OK}, says: "does not support STARTTLS"},
		"no TLS":           {url: "smtps://asha:right@" + guarded.Addr, status: []doctor.Status{doctor.Wrong, doctor.OK}, says: "tls: first record"},
		"no address":       {url: "smtp://", status: []doctor.Status{doctor.Wrong}, says: "not an address"},
		"sender nowhere":   {url: open.URL(), production: true, status: []doctor.Status{doctor.OK, doctor.Warn}, says: "come from no-reply@localhost"},
		"sender number":    {url: open.URL(), baseURL: "https://10.1.2.3", production: true, status: []doctor.Status{doctor.OK, doctor.Warn}, says: "no-reply@10.1.2.3"},
		"sender no mail":   {url: open.URL(), baseURL: "http://[::1]:3000", status: []doctor.Status{doctor.OK, doctor.Warn}, says: "no-reply@::1"},
		"sender given":     {url: open.URL() + "?from=crm@example.in", production: true, status: []doctor.Status{doctor.OK, doctor.OK}, says: "crm@example.in"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.baseURL == "" {
				tt.baseURL = "http://localhost:3000"
			}
			found := doctor.MailServer(t.Context(), doctor.Patient{Production: tt.production, OpenMail: func() (*mail.SMTP, error) {
				if tt.url == "" {
					return nil, nil
				}
				return mail.NewSMTP(tt.url, tt.baseURL)
			}})
			var status []doctor.Status
			var says strings.Builder
			for _, f := range found {
				status = append(status, f.Status)
				says.WriteString(f.Says + "\n")
				if (f.Status == doctor.OK) != (f.Do == "") {
					t.Errorf("%s is %s and says to do %q", f.Check, f.Status, f.Do)
				}
			}
			if !slices.Equal(status, tt.status) || !strings.Contains(says.String(), tt.says) || strings.Contains(says.String(), ":right@") {
				t.Errorf("%v, want %v with %q:\n%s", status, tt.status, tt.says, says.String())
			}
		})
	}
	if n := len(open.Mails()) + len(guarded.Mails()); n > 0 {
		t.Errorf("%d mails were sent", n)
	}
}

// A server that says nothing holds nobody up.
func TestMailServerThatIsSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	found := doctor.MailServer(ctx, doctor.Patient{OpenMail: func() (*mail.SMTP, error) { return mail.NewSMTP("smtp://"+l.Addr().String(), "http://localhost:3000") }})
	if took := time.Since(began); found[0].Status != doctor.Wrong || took > 3*time.Second {
		t.Errorf("after %s: %+v", took, found)
	}
}

func TestMailQueue(t *testing.T) {
	p, d := healthy(t)
	look := func() doctor.Finding {
		found := doctor.Examine(t.Context(), p)
		return found[slices.IndexFunc(found, func(f doctor.Finding) bool { return f.Check == "mail queue" })]
	}
	const insert = `INSERT INTO mailbox_messages (id, recipient, subject, text, html, state, created_at)
		SELECT gen_random_uuid(), 'a@example.in', 's', 't', 'h', state, now() - age::interval FROM (VALUES `
	d.OwnerExec(t, insert+`('waiting', '14 minutes'), ('failed', '8 days'), ('sent', '1 hour'), ('kept', '1 hour')) v (state, age)`)
	if f := look(); f.Status != doctor.OK {
		t.Errorf("before: %+v", f)
	}
	d.OwnerExec(t, insert+`('waiting', '16 minutes'), ('failed', '1 minute'), ('failed', '6 days')) v (state, age)`)
	f := look()
	if f.Status != doctor.Warn || f.Says != "2 of the last 7 days could not be sent, 1 waiting for more than 15 minutes" || !strings.Contains(f.Do, "worker") || !strings.Contains(f.Do, "send them again") {
		t.Errorf("after: %+v", f)
	}
}

// Inside asks nobody outside, so that a health check may ask often.
func TestInsideAsksNobodyOutside(t *testing.T) {
	dir := t.TempDir()
	found := doctor.Examine(t.Context(), doctor.Patient{
		Inside: true, Production: true, BaseURL: "http://localhost:8080", DataDir: dir, Now: time.Now,
		OpenBlobs: func(context.Context) (blob.Store, error) { return blob.NewDir(dir) },
		OpenMail:  func() (*mail.SMTP, error) { t.Error("the mail server is asked"); return nil, nil },
	})
	for _, f := range found {
		if slices.Contains([]string{"address", "certificate", "mail", "mail sender", "sign-in provider"}, f.Check) {
			t.Errorf("%+v", f)
		}
	}
}
