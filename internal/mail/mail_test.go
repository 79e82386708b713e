package mail_test

import (
	"context"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	stdmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/change"
	"payaid/internal/dbtest"
	"payaid/internal/jobs"
	"payaid/internal/mail"
	"payaid/internal/servertest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const baseURL = "https://crm.example.in:8443"

// office is a mail service with its queue.
type office struct {
	*mail.Service
	d     *dbtest.Database
	write *change.Writer
}

// newOffice sends by sink, or keeps mails when it is nil. With works the queue
// runs.
func newOffice(t *testing.T, sink *servertest.SMTPSink, works bool) *office {
	t.Helper()
	o := &office{d: dbtest.New(t)}
	log := slog.New(slog.DiscardHandler)
	var smtp *mail.SMTP
	if sink != nil {
		var err error
		smtp, err = mail.NewSMTP(sink.URL(), baseURL)
		ok(t, err)
	}
	o.Service = mail.New(o.d.DB, smtp, log, time.Now)
	options := jobs.Options{Log: log}
	if works {
		options.Workers = jobs.NewWorkers()
		jobs.Add(options.Workers, o.Send)
	}
	queue, err := jobs.New(o.d.DB, options)
	ok(t, err)
	o.write = &change.Writer{DB: o.d.DB, Jobs: queue, Log: log, Now: time.Now}
	ok(t, queue.Start(context.Background()))
	t.Cleanup(func() { ok(t, queue.Stop(context.Background())) })
	return o
}

func (o *office) enqueue(m mail.Message) error {
	_, err := change.Do(context.Background(), o.write, change.Actor{Kind: change.ActorSystem}, "test", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, mail.Enqueue(ctx, tx, m)
	})
	return err
}

// only returns the one mail there is.
func (o *office) only(t *testing.T) mail.Letter {
	t.Helper()
	page, err := o.Mailbox(context.Background(), "")
	ok(t, err)
	if len(page.Mails) != 1 {
		t.Fatalf("%d mails, want 1", len(page.Mails))
	}
	l, err := o.Letter(context.Background(), page.Mails[0].ID)
	ok(t, err)
	return l
}

var hello = mail.Message{To: "asha@example.in", Subject: "नमस्ते ₹ 5", Text: "Line one\n.starts with a dot\n", HTML: "<p>Line <b>one</b></p>", Headers: map[string]string{"Reply-To": "desk@example.in"}}

func TestARefusedMailIsTriedAgainAndSentOnce(t *testing.T) {
	sink := servertest.SMTP(t)
	sink.Refuse(1)
	o := newOffice(t, sink, true)
	ok(t, o.enqueue(hello))
	eventually(t, "the first try is noted", func() bool {
		l := o.only(t)
		return strings.Contains(l.Problem, "try again later") && l.State == mail.StateWaiting || l.State == mail.StateSent
	})
	eventually(t, "the mail is sent", func() bool { return o.only(t).State == mail.StateSent })
	l := o.only(t)
	if l.Text+l.HTML+l.Problem != "" || l.SentAt == nil {
		t.Errorf("a sent mail keeps %+v", l)
	}
	for range 2 { // a job that runs again, as after a crash
		ok(t, o.Send(context.Background(), mail.SendArgs{ID: l.ID}, true))
	}
	mails := sink.Mails()
	if len(mails) != 1 {
		t.Fatalf("sent %d times", len(mails))
	}
	if mails[0].From != "<no-reply@crm.example.in>" || mails[0].To != "<asha@example.in>" {
		t.Errorf("envelope %s %s", mails[0].From, mails[0].To)
	}
	wantWhole(t, mails[0].Data, l.ID)
}

// wantWhole checks what came over the wire.
func wantWhole(t *testing.T, data string, id uuid.UUID) {
	t.Helper()
	msg, err := stdmail.ReadMessage(strings.NewReader(data))
	ok(t, err)
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	ok(t, err)
	for name, pair := range map[string][2]string{
		"Subject": {subject, hello.Subject}, "Message-ID": {msg.Header.Get("Message-ID"), "<" + id.String() + "@crm.example.in>"},
		"From": {msg.Header.Get("From"), `"PayAid" <no-reply@crm.example.in>`}, "Reply-To": {msg.Header.Get("Reply-To"), "desk@example.in"},
		"Auto-Submitted": {msg.Header.Get("Auto-Submitted"), "auto-generated"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", name, pair[0], pair[1])
		}
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	ok(t, err)
	if kind != "multipart/alternative" {
		t.Fatalf("the mail is %s", kind)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for _, want := range []string{hello.Text, hello.HTML} {
		part, err := parts.NextRawPart()
		ok(t, err)
		got, err := io.ReadAll(quotedprintable.NewReader(part))
		ok(t, err)
		if strings.TrimSpace(strings.ReplaceAll(string(got), "\r\n", "\n")) != strings.TrimSpace(want) {
			t.Errorf("part %q, want %q", got, want)
		}
	}
}

func TestTheLastRefusalIsSaid(t *testing.T) {
	sink := servertest.SMTP(t)
	sink.Refuse(1)
	o := newOffice(t, sink, false)
	ok(t, o.enqueue(hello))
	id := o.only(t).ID
	if err := o.Send(context.Background(), mail.SendArgs{ID: id}, true); err == nil {
		t.Fatal("a refusal was taken for a success")
	}
	l := o.only(t)
	if l.State != mail.StateFailed || !strings.Contains(l.Problem, "try again later") || l.Text == "" {
		t.Errorf("got %+v", l)
	}
	ok(t, o.Send(context.Background(), mail.SendArgs{ID: id}, true)) // an administrator has it tried again
	if l := o.only(t); l.State != mail.StateSent || len(sink.Mails()) != 1 {
		t.Errorf("%s, %d sent", l.State, len(sink.Mails()))
	}
}

func TestWithoutAServerMailsStay(t *testing.T) {
	o := newOffice(t, nil, true)
	ok(t, o.enqueue(hello))
	eventually(t, "the mail is kept", func() bool { return o.only(t).State == mail.StateKept })
	if l := o.only(t); l.Text != hello.Text || l.HTML != hello.HTML || !o.Keeps() {
		t.Errorf("got %+v", l)
	}
}

func TestARolledBackWriteSendsNothing(t *testing.T) {
	o := newOffice(t, nil, false)
	_, err := change.Do(context.Background(), o.write, change.Actor{Kind: change.ActorSystem}, "test", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		ok(t, mail.Enqueue(ctx, tx, hello))
		return struct{}{}, apperr.New(apperr.BusinessRule, "no")
	})
	if !apperr.Is(err, apperr.BusinessRule) {
		t.Fatal(err)
	}
	page, err := o.Mailbox(context.Background(), "")
	ok(t, err)
	if len(page.Mails) != 0 {
		t.Error("the mail outlived its write")
	}
}

func TestEnqueueRefuses(t *testing.T) {
	o := newOffice(t, nil, false)
	for name, change := range map[string]func(*mail.Message){
		"no address":         func(m *mail.Message) { m.To = "nonsense" },
		"two addresses":      func(m *mail.Message) { m.To = "a@example.in, b@example.in" },
		"a second header":    func(m *mail.Message) { m.Subject = "Hi\r\nBcc: everybody@example.in" },
		"a header in a line": func(m *mail.Message) { m.Headers = map[string]string{"X-A": "b\nBcc: c@example.in"} },
		"no text":            func(m *mail.Message) { m.Text = "" },
	} {
		m := hello
		change(&m)
		if o.enqueue(m) == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestMailboxGoesOnAndForgets(t *testing.T) {
	o := newOffice(t, nil, false)
	o.d.OwnerExec(t, `INSERT INTO mailbox_messages (id, recipient, subject, text, html, created_at)
		SELECT gen_random_uuid(), 'a@example.in', 'mail ' || n, 't', 'h', now() - n * interval '1 hour' FROM generate_series(1, 120) n`)
	o.d.OwnerExec(t, `INSERT INTO mailbox_messages (id, recipient, subject, text, html, created_at)
		VALUES (gen_random_uuid(), 'a@example.in', 'old', 't', 'h', now() - interval '31 days')`)
	ok(t, o.Purge(context.Background(), mail.PurgeArgs{}, false))
	var seen []string
	for cursor := ""; ; {
		page, err := o.Mailbox(context.Background(), cursor)
		ok(t, err)
		for _, m := range page.Mails {
			seen = append(seen, m.Subject)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 120 || seen[0] != "mail 1" || seen[119] != "mail 120" {
		t.Errorf("%d mails, from %q to %q", len(seen), seen[0], seen[len(seen)-1])
	}
	if _, err := o.Mailbox(context.Background(), "nonsense"); !apperr.Is(err, apperr.Validation) {
		t.Errorf("a wrong cursor: %v", err)
	}
	if _, err := o.Letter(context.Background(), uuid.New()); !apperr.Is(err, apperr.NotFound) {
		t.Errorf("an unknown mail: %v", err)
	}
}

func TestSMTPAddresses(t *testing.T) {
	for _, address := range []string{
		"smtp://mail.example.in", "smtp://u:p@mail.example.in:2525", "smtps://u:p%40x@mail.example.in", "smtp://127.0.0.1:1025?from=Desk%20%3Cdesk@example.in%3E",
	} {
		if _, err := mail.NewSMTP(address, baseURL); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"mail.example.in:587", "http://mail.example.in", "smtp://", "smtp://h:99999", "smtp://h?from=nonsense", "smtp://u:secret@h:x"} {
		if _, err := mail.NewSMTP(address, baseURL); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
