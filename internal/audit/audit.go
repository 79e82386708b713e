// Package audit reads the audit log of a tenant: who did what, when, from where,
// and what changed. internal/change writes it; nothing here does. It is an area of
// its own because every other area's records appear in it.
package audit

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
	"payaid/internal/auth"
)

// Entry is one thing that happened.
type Entry struct {
	ID        uuid.UUID
	At        time.Time
	ActorID   *uuid.UUID // nil: PayAid itself
	ActorKind string     // user, api_key or system
	Actor     string     // the name at that time
	IP        string
	RequestID string
	Action    string // "contact.update"
	Entity    string // "contact"
	EntityID  uuid.UUID
	Exists    bool // the record can still be opened
	First     bool // there was nothing before: the record was made
	Changes   []Change
}

// Filter chooses entries. The zero value lists all.
type Filter struct {
	Actor    uuid.UUID // a person or a key
	Action   string
	Entity   string
	EntityID uuid.UUID
	From, To time.Time // half open: from ≤ at < to
	Cursor   string    // from Page; "" for the first page
	Limit    int       // 1 to 100; 25 when zero
}

// Page is one page of entries, newest first.
type Page struct {
	Entries    []Entry
	Prev, Next string // cursors of the neighbouring pages, "" where there is none
}

// Service reads the log.
type Service struct{ db *db.DB }

// New returns a Service.
func New(d *db.DB) *Service { return &Service{db: d} }

var newest = db.Order{Name: "at", Expr: "e.at", ID: "e.id", Type: "timestamptz", Desc: true}

// Whether a record can be opened is asked for the rows of one page only.
const columns = `e.id, e.at, e.actor_id, e.actor_kind, e.actor_name, e.ip, e.request_id, e.action, e.entity, e.entity_id, e.before, e.after,
	CASE e.entity
	WHEN 'contact' THEN EXISTS (SELECT FROM contacts c WHERE c.tenant_id = e.tenant_id AND c.id = e.entity_id AND c.deleted_at IS NULL)
	WHEN 'team' THEN EXISTS (SELECT FROM teams t WHERE t.tenant_id = e.tenant_id AND t.id = e.entity_id)
	WHEN 'user' THEN EXISTS (SELECT FROM memberships m WHERE m.tenant_id = e.tenant_id AND m.user_id = e.entity_id)
	WHEN 'import' THEN EXISTS (SELECT FROM imports i WHERE i.tenant_id = e.tenant_id AND i.id = e.entity_id)
	ELSE false END AS found`

type row struct {
	ID        uuid.UUID  `db:"id"`
	Time      time.Time  `db:"at"`
	ActorID   *uuid.UUID `db:"actor_id"`
	ActorKind string     `db:"actor_kind"`
	ActorName string     `db:"actor_name"`
	IP        string     `db:"ip"`
	RequestID string     `db:"request_id"`
	Action    string     `db:"action"`
	Entity    string     `db:"entity"`
	EntityID  uuid.UUID  `db:"entity_id"`
	Before    []byte     `db:"before"`
	After     []byte     `db:"after"`
	Found     bool       `db:"found"`
	db.Place
}

// Entries returns one page of the log of the principal's tenant.
func (s *Service) Entries(ctx context.Context, p auth.Principal, f Filter) (Page, error) {
	if err := p.Require(auth.AuditRead); err != nil {
		return Page{}, err
	}
	at, err := f.check()
	if err != nil {
		return Page{}, err
	}
	rows, prev, next, err := db.Page[row](ctx, s.db.Tenant(p.TenantID), f.list(p.TenantID), newest, at, f.Limit)
	if errors.Is(err, db.ErrBadCursor) {
		return Page{}, badCursor()
	}
	if err != nil {
		return Page{}, fmt.Errorf("list audit entries: %w", err)
	}
	page := Page{Entries: make([]Entry, len(rows)), Prev: prev, Next: next}
	for i, r := range rows {
		if page.Entries[i], err = entry(r); err != nil {
			return Page{}, err
		}
	}
	return page, nil
}

// check refuses what is not documented and fills in the defaults.
func (f *Filter) check() (*db.Cursor, error) {
	var bad apperr.Fields
	if f.Limit == 0 {
		f.Limit = 25
	}
	bad.Check(f.Limit >= 1 && f.Limit <= 100, "limit", "Choose a number from 1 to 100.")
	for name, text := range map[string]string{"action": f.Action, "entity": f.Entity} {
		bad.Check(len(text) <= 100 && utf8.ValidString(text) && !strings.ContainsRune(text, 0), name, "Use at most 100 characters.")
	}
	bad.Check(f.From.IsZero() || f.To.IsZero() || f.From.Before(f.To), "to", "The end is before the beginning.")
	if err := bad.Err(); err != nil {
		return nil, err
	}
	at, err := db.ParseCursor(f.Cursor, newest)
	if err != nil {
		return nil, badCursor()
	}
	return at, nil
}

func badCursor() error {
	var f apperr.Fields
	f.Add("cursor", "This place in the list is no longer known. Start again from the first page.")
	return f.Err()
}

func (f *Filter) list(tenant uuid.UUID) *db.List {
	l := db.NewList(columns, "audit_entries e", "e", tenant)
	if f.Actor != uuid.Nil {
		l.Where("e.actor_id = ?", f.Actor)
	}
	if f.Action != "" {
		l.Where("e.action = ?", f.Action)
	}
	if f.Entity != "" {
		l.Where("e.entity = ?", f.Entity)
	}
	if f.EntityID != uuid.Nil {
		l.Where("e.entity_id = ?", f.EntityID)
	}
	if !f.From.IsZero() {
		l.Where("e.at >= ?", f.From)
	}
	if !f.To.IsZero() {
		l.Where("e.at < ?", f.To)
	}
	return l
}
