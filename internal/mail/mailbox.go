package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
)

// The states of a mail.
const (
	StateWaiting = "waiting" // to be sent, or to be tried again
	StateHeld    = "held"    // a restore brought it back: a person releases or discards it
	StateKept    = "kept"    // stays here, since there is no server
	StateSent    = "sent"    // the server took it; the body is gone
	StateFailed  = "failed"  // every try was refused
)

// pageSize is how many mails a page of the mailbox has.
const pageSize = 50

// Envelope is a mail in a list.
type Envelope struct {
	ID        uuid.UUID
	To        string
	Subject   string
	State     string
	Problem   string // the last complaint of the server, "" when there is none
	CreatedAt time.Time
	SentAt    *time.Time
}

// Letter is one mail with its body, both parts "" once it was sent.
type Letter struct {
	Envelope
	Text, HTML string
}

// Page is a page of the mailbox. Prev and Next are cursors, "" at the ends.
type Page struct {
	Mails      []Envelope
	Prev, Next string
}

type envelopeRow struct {
	ID        uuid.UUID  `db:"id"`
	Recipient string     `db:"recipient"`
	Subject   string     `db:"subject"`
	State     string     `db:"state"`
	Problem   string     `db:"problem"`
	CreatedAt time.Time  `db:"created_at"`
	SentAt    *time.Time `db:"sent_at"`
	db.Place
}

var newestFirst = db.Order{Name: "createdAt", Expr: "m.created_at", ID: "m.id", Type: "timestamptz", Desc: true}

// Mailbox lists the mails of the whole installation, the newest first. Whoever
// calls it made sure that a platform administrator asks.
func (s *Service) Mailbox(ctx context.Context, cursor string) (Page, error) {
	badCursor := func(cause error) error {
		return apperr.Wrap(cause, apperr.Validation, "This page of the list does not exist. Start again from the first page.")
	}
	at, err := db.ParseCursor(cursor, newestFirst)
	if err != nil {
		return Page{}, badCursor(err)
	}
	l := db.NewGlobalList("m.id, m.recipient, m.subject, m.state, m.problem, m.created_at, m.sent_at", "mailbox_messages m")
	rows, prev, next, err := db.Page[envelopeRow](ctx, s.db.Global(), l, newestFirst, at, pageSize)
	if errors.Is(err, db.ErrBadCursor) {
		return Page{}, badCursor(err)
	}
	if err != nil {
		return Page{}, fmt.Errorf("list mails: %w", err)
	}
	page := Page{Mails: make([]Envelope, len(rows)), Prev: prev, Next: next}
	for i, r := range rows {
		page.Mails[i] = Envelope{ID: r.ID, To: r.Recipient, Subject: r.Subject, State: r.State, Problem: r.Problem, CreatedAt: r.CreatedAt, SentAt: r.SentAt}
	}
	return page, nil
}

// Letter returns one mail, or NotFound. Whoever calls it made sure that a
// platform administrator asks.
func (s *Service) Letter(ctx context.Context, id uuid.UUID) (Letter, error) {
	r, err := s.db.Global().GetMailboxMessage(ctx, id)
	if db.IsNoRows(err) {
		return Letter{}, apperr.New(apperr.NotFound, "This mail does not exist, or is older than 30 days.")
	}
	if err != nil {
		return Letter{}, fmt.Errorf("load the mail: %w", err)
	}
	return Letter{
		Envelope: Envelope{ID: r.ID, To: r.Recipient, Subject: r.Subject, State: r.State, Problem: r.Problem, CreatedAt: r.CreatedAt, SentAt: r.SentAt},
		Text:     r.Text, HTML: r.Html,
	}, nil
}
