package crm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
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
	Query  string // part of a name, an e-mail, a phone or a company's name
	Stage  string // one of Stages, or ""
	Status string // one of Statuses, or ""
	Sort   string // name, email, createdAt or updatedAt, with - in front for descending
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
}

// contactOrders are the documented orders, each carried by an index.
var contactOrders = []db.Order{
	{Name: "name", Expr: "c.sort_name", ID: "c.id", Type: "text"},
	{Name: "email", Expr: "c.email", ID: "c.id", Type: "text"},
	{Name: "createdAt", Expr: "c.created_at", ID: "c.id", Type: "timestamptz"},
	{Name: "updatedAt", Expr: "c.updated_at", ID: "c.id", Type: "timestamptz"},
}

const contactColumns = `c.id, c.first_name, c.last_name, c.name, c.email, c.phone, c.company_id, coalesce(o.name, '') AS company_name,
	c.job_title, c.source, c.address, c.gstin, c.notes, c.tags, c.stage, c.status, c.warmth, c.lead_score,
	c.last_contacted_at, c.next_follow_up, c.owner_id, coalesce(u.name, '') AS owner_name, m.team_id AS owner_team_id,
	c.version, c.created_at, c.updated_at, c.deleted_at`

const contactFrom = `contacts c
	LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id
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
	l := f.list(p, p.ReadScope(auth.Contacts) == auth.ScopeAll)
	page, err := s.contactPage(ctx, p, l, order, at, f.Limit)
	if err != nil {
		return ContactPage{}, err
	}
	total, err := l.Count(ctx, s.db.Tenant(p.TenantID), MaxTotal+1)
	if err != nil {
		return ContactPage{}, fmt.Errorf("count contacts: %w", err)
	}
	page.Total, page.Capped = min(total, MaxTotal), total > MaxTotal
	return page, nil
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
	l := f.list(p, false)
	return func(yield func(Contact, error) bool) {
		for {
			page, err := s.contactPage(ctx, p, l, order, at, exportPageSize)
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

func (s *Service) contactPage(ctx context.Context, p auth.Principal, l *db.List, order db.Order, at *db.Cursor, limit int) (ContactPage, error) {
	rows, prev, next, err := db.Page[contactListRow](ctx, s.db.Tenant(p.TenantID), l, order, at, limit)
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
	bad.Check(ok, "sort", "Sort by name, email, createdAt or updatedAt, with - in front for descending.")
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

// searchIndexed finds by the trigram index, as the schema's owner, and ends at
// about MaxTotal ids. searchWalked looks at every contact that the other
// conditions leave, so it misses none: for exports, and for people who see a part
// only, whose contacts could be cut off behind those that they may not see.
const (
	searchIndexed = "c.id IN (SELECT search_contacts(?))"
	searchWalked  = `c.search || E'\n' || coalesce(CASE WHEN o.deleted_at IS NULL THEN lower(o.name) END, '') LIKE ?`
)

func (f *ContactFilter) list(p auth.Principal, indexed bool) *db.List {
	l := db.NewList(contactColumns, contactFrom, "c", p.TenantID).Where("c.deleted_at IS NULL")
	scopeToOwner(l, p, auth.Contacts, "c.owner_id")
	if q := strings.TrimSpace(f.Query); q != "" {
		search := searchWalked
		if indexed {
			search = searchIndexed
		}
		l.Where(search, likePattern(searchText(q)))
	}
	if f.Stage != "" {
		l.Where("c.stage = ?", f.Stage)
	}
	if f.Status != "" {
		l.Where("c.status = ?", f.Status)
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

// searchText turns a phone number typed with spaces into the form it is stored
// in; other texts stay as they are.
func searchText(q string) string {
	if strings.Trim(q, "+-() 0123456789") != "" {
		return q
	}
	digits := strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, q)
	if len(digits) < 4 {
		return q
	}
	if number := strings.TrimLeft(digits, "0"); len(number) >= 4 { // 0 or 00 is dialled, not stored
		return number
	}
	return digits
}
