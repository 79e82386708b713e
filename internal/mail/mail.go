// Package mail brings messages to people: Enqueue writes one down in the caller's
// transaction, a job sends it by SMTP, or without a server keeps it in the
// mailbox that platform administrators read.
//
// A mail is sent at least once and, unless a process dies between the server's
// yes and our note of it, never twice; its Message-ID stays the same, so that a
// second copy can be recognised. What a mail says is not decided here.
package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	stdmail "net/mail"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/change"
)

// keepFor is how long a mail can be seen in the mailbox.
const keepFor = 30 * 24 * time.Hour

// maxProblem bounds what is kept of an SMTP server's complaint, in bytes.
const maxProblem = 500

// Message is one mail to one person, in both forms.
type Message struct {
	To      string // an address, without a name
	Subject string
	Text    string
	HTML    string
	Headers map[string]string // more of them, such as Reply-To; usually nil
}

// check finds what no mail server would take, or would take for something else.
func (m Message) check() error {
	if a, err := stdmail.ParseAddress(m.To); err != nil || a.Address != m.To {
		return fmt.Errorf("mail to %q: this is no address", m.To)
	}
	if m.Subject == "" || m.Text == "" || m.HTML == "" {
		return errors.New("mail: a subject, a text and its HTML form are needed")
	}
	lines := m.Subject
	for name, value := range m.Headers {
		lines += name + value
	}
	if strings.ContainsAny(lines, "\r\n\x00") {
		return errors.New("mail: a header has one line")
	}
	return nil
}

// SendArgs is the job that sends a mail.
type SendArgs struct {
	ID uuid.UUID `json:"id"`
}

// Kind names the job.
func (SendArgs) Kind() string { return "mail.send" }

// PurgeArgs is the periodic job that deletes mails older than 30 days.
type PurgeArgs struct{}

// Kind names the job.
func (PurgeArgs) Kind() string { return "mail.purge" }

// Enqueue writes the mail down in tx and starts the job that sends it. What the
// job carries is the id alone, so that no link in a mail stays in the queue.
func Enqueue(ctx context.Context, tx *change.Tx, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	headers, err := json.Marshal(m.Headers)
	if err != nil {
		return fmt.Errorf("mail headers: %w", err)
	}
	id := uuid.Must(uuid.NewV7())
	err = tx.Q.InsertMailboxMessage(ctx, db.InsertMailboxMessageParams{
		ID: id, Recipient: m.To, Subject: m.Subject, Text: m.Text, Html: m.HTML, Headers: headers, Now: tx.Now,
	})
	if err != nil {
		return fmt.Errorf("write the mail: %w", err)
	}
	return tx.Enqueue(ctx, SendArgs{ID: id})
}

// Service sends mails and shows what became of them.
type Service struct {
	db   *db.DB
	smtp *SMTP // nil: mails stay in the mailbox
	log  *slog.Logger
	now  func() time.Time
}

// New returns a Service; with a nil SMTP mails stay in the mailbox.
func New(d *db.DB, smtp *SMTP, log *slog.Logger, now func() time.Time) *Service {
	return &Service{db: d, smtp: smtp, log: log, now: now}
}

// Keeps reports whether mails stay in the mailbox because there is no server.
func (s *Service) Keeps() bool { return s.smtp == nil }

// Send works SendArgs. A mail that was sent before is not sent again, and one that
// is held waits for a person.
func (s *Service) Send(ctx context.Context, args SendArgs, last bool) error {
	row, err := s.db.Global().GetMailboxMessage(ctx, args.ID)
	if db.IsNoRows(err) || err == nil && (row.SentAt != nil || row.State == StateHeld) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load the mail: %w", err)
	}
	now := s.now()
	if s.smtp == nil {
		_, err := s.db.Global().SetMailboxMessageKept(ctx, db.SetMailboxMessageKeptParams{ID: row.ID, Now: &now})
		return wrap(err, "keep the mail")
	}
	if err := s.deliver(ctx, row); err != nil {
		return errors.Join(err, s.noteProblem(ctx, row.ID, err, last))
	}
	// The server has it: the note must be written even if the job's time is just over.
	noted, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, err = s.db.Global().SetMailboxMessageSent(noted, db.SetMailboxMessageSentParams{ID: row.ID, Now: &now})
	return wrap(err, "note that the mail was sent")
}

func (s *Service) deliver(ctx context.Context, row db.MailboxMessage) error {
	m := Message{To: row.Recipient, Subject: row.Subject, Text: row.Text, HTML: row.Html}
	if err := json.Unmarshal(row.Headers, &m.Headers); err != nil {
		return fmt.Errorf("mail headers: %w", err)
	}
	return s.smtp.Send(ctx, row.ID, row.CreatedAt, m)
}

// noteProblem tells administrators why a mail is still here.
func (s *Service) noteProblem(ctx context.Context, id uuid.UUID, problem error, last bool) error {
	state := StateWaiting
	if last {
		state = StateFailed
		s.log.ErrorContext(ctx, "mail given up", "mail", id, "err", problem)
	}
	text := problem.Error()
	if len(text) > maxProblem {
		text = text[:maxProblem]
	}
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := s.db.Global().SetMailboxMessageProblem(ctx, db.SetMailboxMessageProblemParams{ID: id, State: state, Problem: text})
	return wrap(err, "note the mail's problem")
}

// Purge works PurgeArgs.
func (s *Service) Purge(ctx context.Context, _ PurgeArgs, _ bool) error {
	_, err := s.db.Global().PurgeMailboxMessages(ctx, s.now().Add(-keepFor))
	return wrap(err, "purge old mails")
}

func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
