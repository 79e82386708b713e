package crm

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/filter"
	"payaid/internal/listing"
	"payaid/internal/tenant"
)

const (
	// MaxPageSize bounds a page of any list.
	MaxPageSize = listing.MaxPageSize
	// MaxTotal is where counting stops: a larger total reads "10,000+".
	MaxTotal = listing.MaxTotal

	defaultPageSize = 25 // of a list that has no Kind, and of whoever has not chosen
	maxIDs          = 1000
)

// ContactFilter chooses and orders contacts. The zero value lists all, by name.
type ContactFilter struct {
	Query  string // part of a name, an e-mail, a phone or a company's name; what comes close when nothing holds it
	Filter string // in the language of package filter over ContactFields
	Stage  string // one of Stages, or ""
	Status string // one of Statuses, or ""
	Sort   string // one of contactOrders, with - in front for descending
	Cursor string // from ContactPage; "" for the first page
	Limit  int    // 1 to MaxPageSize; 25 when zero

	// IDs leaves only these contacts, at most 1,000; nil leaves whichever there are.
	IDs []uuid.UUID

	NoTotal bool // do not count: a large list costs far more to count than to read a page of
}

// ContactPage is one page of contacts.
type ContactPage struct {
	Contacts []Contact
	Prev     string // cursor of the page before, "" when there is none
	Next     string // cursor of the page after, "" when there is none
	Total    int    // at most MaxTotal; 0 when it was not wanted
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

const contactJoins = `LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id AND o.deleted_at IS NULL
	LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
	LEFT JOIN users u ON u.id = c.owner_id`

type contactListRow struct {
	db.GetContactRow
	db.Place
}

// contactList is the list of contacts. Its pages show the names of companies and
// owners and who is in which team; filters ask for these as well.
var contactList = &listing.Kind[Contact, contactListRow]{
	Name: "contacts", Columns: contactColumns, Table: "contacts", Joins: contactJoins, Orders: contactOrders, Fields: ContactFields,
	Search: listing.Search{
		Column: "c.search", Find: "find_contacts(?)", Similar: "find_similar_contacts(?, ?)",
		Count: func(ctx context.Context, q *db.Queries, pattern string, most int64) (int64, error) {
			return q.CountFoundContacts(ctx, db.CountFoundContactsParams{Pattern: pattern, Most: most})
		},
	},
	Tags: []string{tagContactList, tagCompanyList, auth.TagPeople, tenant.TagTeams},
	Make: func(r contactListRow) (Contact, error) { return contactFromRow(r.GetContactRow), nil },
}

// Contacts returns one page of the contacts that the principal sees.
func (s *Service) Contacts(ctx context.Context, p auth.Principal, f ContactFilter) (ContactPage, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return ContactPage{}, err
	}
	q, err := f.Listing()
	if err != nil {
		return ContactPage{}, err
	}
	page, err := contactList.Page(ctx, s.source(), s.reader(p, auth.Contacts), q)
	return contactPage(page), err
}

func contactPage(page listing.Page[Contact]) ContactPage {
	return ContactPage{Contacts: page.Items, Prev: page.Prev, Next: page.Next, Total: page.Total, Capped: page.Capped, Similar: page.Similar}
}

// RenderedContacts returns the page of Contacts as render makes it, which is what is
// kept. form names how render does it: two that make different bytes of the same page
// have different names.
func (s *Service) RenderedContacts(ctx context.Context, p auth.Principal, f ContactFilter, form string, render func(ContactPage) ([]byte, error)) ([]byte, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return nil, err
	}
	q, err := f.Listing()
	if err != nil {
		return nil, err
	}
	return contactList.Rendered(ctx, s.source(), s.reader(p, auth.Contacts), q, form, func(page listing.Page[Contact]) ([]byte, error) {
		return render(contactPage(page))
	})
}

// AllContacts walks every contact of the filter, a bounded number in memory. It
// needs the right to export.
func (s *Service) AllContacts(ctx context.Context, p auth.Principal, f ContactFilter) (iter.Seq2[Contact, error], error) {
	if err := p.Require(auth.ContactsExport); err != nil {
		return nil, err
	}
	q, err := f.Listing()
	if err != nil {
		return nil, err
	}
	return contactList.All(ctx, s.source(), s.reader(p, auth.Contacts), q)
}

// Listing is f in the terms of every list. What is not documented is refused.
func (f ContactFilter) Listing() (listing.Query, error) {
	q := listing.Query{Text: f.Query, Filter: f.Filter, Sort: f.Sort, Cursor: f.Cursor, Limit: f.Limit, NoTotal: f.NoTotal}
	var bad apperr.Fields
	contactList.Refuse(q, &bad)
	bad.Check(f.Stage == "" || slices.Contains(Stages, f.Stage), "stage", "Choose one of "+strings.Join(Stages, ", ")+".")
	bad.Check(f.Status == "" || slices.Contains(Statuses, f.Status), "status", "Choose one of "+strings.Join(Statuses, ", ")+".")
	if err := bad.Err(); err != nil {
		return q, err
	}
	if f.IDs != nil {
		var err error
		if q, err = Selected(q, f.IDs); err != nil {
			return q, err
		}
	}
	if f.Stage+f.Status == "" {
		return q, nil
	}
	where, err := f.Where()
	q.Filter = where.String()
	return q, err
}

// Where returns the whole filter of f except its search, in the form that Parse
// reads. A filter that cannot be read is InvalidInput.
func (f ContactFilter) Where() (filter.Expr, error) {
	where, err := listing.Where(f.Filter, ContactFields)
	if err != nil {
		return where, err
	}
	is := func(field, value string) filter.Expr {
		return filter.Expr{Op: filter.Is, Field: field, Values: []filter.Value{{Text: value}}}
	}
	if f.Status != "" {
		where = filter.Join(is("status", f.Status), where)
	}
	if f.Stage != "" {
		where = filter.Join(is("stage", f.Stage), where)
	}
	return where, nil
}
