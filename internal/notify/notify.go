// Package notify tells people inside PayAid what happened without them: Tell
// writes a notification in the caller's transaction, Service shows a person
// theirs. What is worth telling, and to whom, areas decide; mails are another tool.
package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
)

const (
	// keepFor is how long a notification can be seen.
	keepFor = 90 * 24 * time.Hour
	// purgeBatch is how many one call of the purge deletes.
	purgeBatch = 10_000
	// maxTitle bounds a title, in characters.
	maxTitle = 300
	// MaxUnread is where counting stops.
	MaxUnread = 100

	pageSize = 25
)

// Person is whom a notification is for: somebody in one business.
type Person struct{ Tenant, User uuid.UUID }

// Message is what somebody is told.
type Message struct {
	ID    uuid.UUID // of what happened, so that trying again tells nobody twice; uuid.Nil for a new one
	Kind  string    // "import.finished"
	Title string    // one sentence, in words
	Link  string    // a path in PayAid that shows more, "" for none
}

// Notification is a message that was given to somebody.
type Notification struct {
	ID        uuid.UUID
	Kind      string
	Title     string
	Link      string
	CreatedAt time.Time
	ReadAt    *time.Time // nil: unread
}

// Page is a page of notifications. Prev and Next are cursors, "" at the ends.
type Page struct {
	Notifications []Notification
	Prev, Next    string
}

// Tell writes m down for one person, by queries that see their tenant.
func Tell(ctx context.Context, q *db.Queries, to Person, now time.Time, m Message) error {
	if m.Kind == "" || m.Title == "" || m.Link != "" && (!strings.HasPrefix(m.Link, "/") || strings.HasPrefix(m.Link, "//")) {
		return fmt.Errorf("notify %s: a kind, a title and a path of ours are needed", m.Kind)
	}
	if utf8.RuneCountInString(m.Title) > maxTitle {
		m.Title = string([]rune(m.Title)[:maxTitle-1]) + "…"
	}
	if m.ID == uuid.Nil {
		m.ID = uuid.Must(uuid.NewV7())
	}
	err := q.InsertNotification(ctx, db.InsertNotificationParams{
		TenantID: to.Tenant, ID: m.ID, UserID: to.User, Kind: m.Kind, Title: m.Title, Link: m.Link, Now: now,
	})
	if err != nil {
		return fmt.Errorf("notify %s: %w", m.Kind, err)
	}
	return nil
}

// Service shows people what they were told.
type Service struct {
	db  *db.DB
	now func() time.Time
}

// New returns a Service.
func New(d *db.DB, now func() time.Time) *Service { return &Service{db: d, now: now} }

type row struct {
	ID        uuid.UUID  `db:"id"`
	Kind      string     `db:"kind"`
	Title     string     `db:"title"`
	Link      string     `db:"link"`
	CreatedAt time.Time  `db:"created_at"`
	ReadAt    *time.Time `db:"read_at"`
	db.Place
}

// List returns a page of what the person was told, the newest first.
func (s *Service) List(ctx context.Context, of Person, cursor string) (Page, error) {
	order := db.Order{Name: "createdAt", Expr: "n.created_at", ID: "n.id", Type: "timestamptz", Desc: true}
	at, err := db.ParseCursor(cursor, order)
	if err != nil {
		return Page{}, badCursor()
	}
	l := db.NewList("n.id, n.kind, n.title, n.link, n.created_at, n.read_at", "notifications n", "n", of.Tenant).Where("n.user_id = ?", of.User)
	rows, prev, next, err := db.Page[row](ctx, s.db.Tenant(of.Tenant), l, order, at, pageSize)
	if errors.Is(err, db.ErrBadCursor) {
		return Page{}, badCursor()
	}
	if err != nil {
		return Page{}, fmt.Errorf("list notifications: %w", err)
	}
	page := Page{Notifications: make([]Notification, len(rows)), Prev: prev, Next: next}
	for i, r := range rows {
		page.Notifications[i] = Notification{ID: r.ID, Kind: r.Kind, Title: r.Title, Link: r.Link, CreatedAt: r.CreatedAt, ReadAt: r.ReadAt}
	}
	return page, nil
}

func badCursor() error {
	var f apperr.Fields
	f.Add("cursor", "This place in the list is no longer known. Start again from the first page.")
	return f.Err()
}

// Unread counts what the person has not read, at most MaxUnread.
func (s *Service) Unread(ctx context.Context, of Person) (int, error) {
	n, err := s.db.Tenant(of.Tenant).CountUnreadNotifications(ctx, db.CountUnreadNotificationsParams{TenantID: of.Tenant, UserID: of.User})
	if err != nil {
		return 0, fmt.Errorf("count unread notifications: %w", err)
	}
	return int(n), nil
}

// Read marks one as read and returns its link, or NotFound when it is not the
// person's. Reading twice changes nothing. It is no business data, so there is no
// audit entry.
func (s *Service) Read(ctx context.Context, of Person, id uuid.UUID) (link string, err error) {
	now := s.now()
	link, err = s.db.Tenant(of.Tenant).ReadNotification(ctx, db.ReadNotificationParams{TenantID: of.Tenant, UserID: of.User, ID: id, Now: &now})
	if db.IsNoRows(err) {
		return "", apperr.New(apperr.NotFound, "This notification does not exist any more.")
	}
	if err != nil {
		return "", fmt.Errorf("read a notification: %w", err)
	}
	return link, nil
}

// ReadAll marks everything that the person was told as read.
func (s *Service) ReadAll(ctx context.Context, of Person) error {
	now := s.now()
	if _, err := s.db.Tenant(of.Tenant).ReadAllNotifications(ctx, db.ReadAllNotificationsParams{TenantID: of.Tenant, UserID: of.User, Now: &now}); err != nil {
		return fmt.Errorf("read all notifications: %w", err)
	}
	return nil
}

// PurgeArgs is the periodic job that deletes notifications older than 90 days.
type PurgeArgs struct{}

// Kind names the job.
func (PurgeArgs) Kind() string { return "notify.purge" }

// Purge works PurgeArgs.
func (s *Service) Purge(ctx context.Context, _ PurgeArgs, _ bool) error {
	for {
		n, err := s.db.Global().PurgeNotifications(ctx, s.now().Add(-keepFor))
		if err != nil {
			return fmt.Errorf("purge notifications: %w", err)
		}
		if n < purgeBatch {
			return nil
		}
	}
}
