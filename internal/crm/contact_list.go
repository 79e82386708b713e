package crm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
)

const (
	// MaxPageSize bounds a page of any list.
	MaxPageSize = 100
	// MaxTotal is where counting stops: a larger total reads "10,000+".
	MaxTotal = 10_000

	defaultPageSize = 25
	exportPageSize  = 1000
)

// ContactFilter chooses and orders contacts. The zero value lists all, by name.
type ContactFilter struct {
	Query  string // part of a name, an e-mail, a phone or a company's name; what comes close when nothing holds it
	Filter string // in the language of package filter over ContactFields
	Stage  string // one of Stages, or ""
	Status string // one of Statuses, or ""
	Sort   string // one of ContactSorts, with - in front for descending
	Cursor string // from ContactPage; "" for the first page
	Limit  int    // 1 to MaxPageSize; 25 when zero
}

// ContactPage is one page of contacts.
type ContactPage struct {
	Contacts []Contact
	Prev     string // cursor of the page before, "" when there is none
	Next     string // cursor of the page after, "" when there is none
	Total    int    // at most MaxTotal
	Capped   bool   // there are more than Total
	Similar  bool   // nothing holds the text of the search: these come close
}

// contactOrders are the documented orders, each carried by an index.
var contactOrders = []db.Order{
	{Name: "name", Expr: "c.sort_name", ID: "c.id", Type: "text"},
	{Name: "email", Expr: "c.email", ID: "c.id", Type: "text"},
	{Name: "company", Expr: "c.sort_company", ID: "c.id", Type: "text"},
	{Name: "leadScore", Expr: "c.lead_score", ID: "c.id", Type: "integer"},
	{Name: "lastContactedAt", Expr: "c.sort_contacted", ID: "c.id", Type: "timestamptz"}, // never: before all others
	{Name: "nextFollowUp", Expr: "c.sort_follow_up", ID: "c.id", Type: "date"},           // none: behind all others
	{Name: "createdAt", Expr: "c.created_at", ID: "c.id", Type: "timestamptz"},
	{Name: "updatedAt", Expr: "c.updated_at", ID: "c.id", Type: "timestamptz"},
}

const contactColumns = `c.id, c.first_name, c.last_name, c.name, c.email, c.phone, c.company_id, coalesce(o.name, '') AS company_name,
	c.job_title, c.source, c.address, c.gstin, c.notes, c.tags, c.stage, c.status, c.warmth, c.lead_score,
	c.last_contacted_at, c.next_follow_up, c.owner_id, coalesce(u.name, '') AS owner_name, m.team_id AS owner_team_id,
	c.version, c.created_at, c.updated_at, c.deleted_at`

const contactJoins = `LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id
	LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
	LEFT JOIN users u ON u.id = c.owner_id`

type contactListRow struct {
	db.GetContactRow
	db.Place
}

// Contacts returns one page of the contacts that the principal sees.
func (s *Service) Contacts(ctx context.Context, p auth.Principal, f ContactFilter) (ContactPage, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return ContactPage{}, err
	}
	order, at, err := f.check()
	if err != nil {
		return ContactPage{}, err
	}
	return s.rememberPage(ctx, p, f, func(ctx context.Context) (ContactPage, error) {
		found, err := s.findContacts(ctx, p, f)
		if err != nil {
			return ContactPage{}, err
		}
		page, err := s.contactPage(ctx, p, found, order, at, f.Limit)
		if err != nil {
			return ContactPage{}, err
		}
		total := len(page.Contacts)
		if at != nil || page.Next != "" { // more than one page
			count := func(ctx context.Context) (int, error) { return s.contactTotal(ctx, p, found) }
			if total, err = s.rememberTotal(ctx, p, f, count); err != nil {
				return ContactPage{}, err
			}
		}
		page.Total, page.Capped, page.Similar = min(total, MaxTotal), total > MaxTotal, found.similar && total > 0
		return page, nil
	})
}

// contactTotal counts up to MaxTotal and one more.
func (s *Service) contactTotal(ctx context.Context, p auth.Principal, found foundContacts) (int, error) {
	if found.counted {
		return found.total, nil
	}
	total, err := found.countable().Count(ctx, s.db.Tenant(p.TenantID), MaxTotal+1)
	if err != nil {
		return 0, fmt.Errorf("count contacts: %w", err)
	}
	return total, nil
}

// AllContacts walks every contact of the filter, a bounded number in memory. It
// needs the right to export.
func (s *Service) AllContacts(ctx context.Context, p auth.Principal, f ContactFilter) (iter.Seq2[Contact, error], error) {
	if err := p.Require(auth.ContactsExport); err != nil {
		return nil, err
	}
	f.Cursor, f.Limit = "", 0
	order, at, err := f.check()
	if err != nil {
		return nil, err
	}
	found, err := s.findContacts(ctx, p, f)
	if err != nil {
		return nil, err
	}
	found.dense = false // all of them are wanted: one way through, from the first to the last
	if !found.similar {
		found.indexed = nil
	}
	return func(yield func(Contact, error) bool) {
		for {
			page, err := s.contactPage(ctx, p, found, order, at, exportPageSize)
			if err != nil {
				yield(Contact{}, err)
				return
			}
			for _, c := range page.Contacts {
				if !yield(c, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			if at, err = db.ParseCursor(page.Next, order); err != nil {
				yield(Contact{}, err)
				return
			}
		}
	}, nil
}

func (s *Service) contactPage(ctx context.Context, p auth.Principal, found foundContacts, order db.Order, at *db.Cursor, limit int) (ContactPage, error) {
	rows, prev, next, err := found.page(ctx, s.db.Tenant(p.TenantID), order, at, limit)
	if errors.Is(err, db.ErrBadCursor) {
		return ContactPage{}, badCursor()
	}
	if err != nil {
		return ContactPage{}, fmt.Errorf("list contacts: %w", err)
	}
	page := ContactPage{Contacts: make([]Contact, len(rows)), Prev: prev, Next: next}
	for i, r := range rows {
		page.Contacts[i] = contactFromRow(r.GetContactRow)
	}
	return page, nil
}

// check refuses what is not documented and fills in the defaults.
func (f *ContactFilter) check() (db.Order, *db.Cursor, error) {
	var bad apperr.Fields
	if f.Limit == 0 {
		f.Limit = defaultPageSize
	}
	bad.Check(f.Limit >= 1 && f.Limit <= MaxPageSize, "limit", "Choose a number from 1 to 100.")
	bad.Check(utf8.RuneCountInString(f.Query) <= maxShort && printable(f.Query), "q", "Search for at most 200 characters.")
	bad.Check(f.Stage == "" || slices.Contains(Stages, f.Stage), "stage", "Choose one of "+strings.Join(Stages, ", ")+".")
	bad.Check(f.Status == "" || slices.Contains(Statuses, f.Status), "status", "Choose one of "+strings.Join(Statuses, ", ")+".")
	order, ok := findOrder(contactOrders, f.Sort)
	bad.Check(ok, "sort", "Sort by one of "+strings.Join(ContactSorts(), ", ")+", with - in front for descending.")
	if err := bad.Err(); err != nil {
		return order, nil, err
	}
	at, err := db.ParseCursor(f.Cursor, order)
	if err != nil {
		return order, nil, badCursor()
	}
	return order, at, nil
}

// findOrder reads a sort parameter; "" is the first order.
func findOrder(orders []db.Order, sort string) (db.Order, bool) {
	if sort == "" {
		return orders[0], true
	}
	name, desc := strings.CutPrefix(sort, "-")
	for _, o := range orders {
		if o.Name == name {
			o.Desc = desc
			return o, true
		}
	}
	return orders[0], false
}

func badCursor() error {
	var f apperr.Fields
	f.Add("cursor", "This place in the list is no longer known. Start again from the first page.")
	return f.Err()
}

// ContactSorts names the documented orders, the default one first.
func ContactSorts() []string {
	out := make([]string, len(contactOrders))
	for i, o := range contactOrders {
		out[i] = o.Name
	}
	return out
}

// contactRows starts lists of the same contacts over different rows: the table, or
// a function that searches it.
type contactRows struct {
	p     auth.Principal
	where string // the condition of the filter
	args  []any
	whole bool // neither filter nor scope leaves anything out
}

// rows translates the filter. The text of the search is not in it.
func (f *ContactFilter) rows(p auth.Principal, now time.Time) (contactRows, error) {
	where, err := f.Where()
	if err != nil {
		return contactRows{}, err
	}
	r := contactRows{p: p, whole: where.Zero() && p.ReadScope(auth.Contacts) == auth.ScopeAll}
	if !where.Zero() {
		r.where, r.args = ContactFields.Condition(where, asker(p, now))
	}
	return r, nil
}

func (r contactRows) of(from string, args ...any) *db.List {
	l := db.NewList(contactColumns, from+" c", "c", r.p.TenantID, args...).Always("c.deleted_at IS NULL").Join(contactJoins)
	scopeToOwner(l, r.p, auth.Contacts, "c.owner_id")
	if r.where != "" {
		l.Where("("+r.where+")", r.args...)
	}
	return l
}

// scopeToOwner keeps the rows that the principal sees. It says in SQL what
// auth.Principal.Sees says in Go.
func scopeToOwner(l *db.List, p auth.Principal, entity, owner string) {
	switch p.ReadScope(entity) {
	case auth.ScopeAll:
	case auth.ScopeTeam:
		team := uuid.Nil
		if p.TeamID != nil {
			team = *p.TeamID
		}
		l.Where("("+owner+" = ? OR "+owner+" IN (SELECT user_id FROM memberships WHERE tenant_id = ? AND team_id = ?))", p.UserID, p.TenantID, team)
	case auth.ScopeOwn:
		l.Where(owner+" = ?", p.UserID)
	default:
		l.Where("false")
	}
}
