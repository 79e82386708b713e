package activity

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/filter"
	"payaid/internal/listing"
	"payaid/internal/sheet"
	"payaid/internal/tenant"
)

// Entity names activities in saved views.
const Entity = "activities"

// Columns are the columns that the list of activities can show beside the subject,
// in order.
var Columns = []string{"type", "record", "outcome", "duration", "author", "occurredAt"}

// Fields are what activities are filtered by (docs/filters.md).
var Fields = filter.Fields{
	{Name: "type", Label: "Type", Kind: filter.Choice, Choices: Types, Say: Say, Column: "c.type"},
	{Name: "outcome", Label: "Outcome", Kind: filter.Choice, Choices: Outcomes, Column: "c.outcome", Empty: "c.outcome = ''"},
	{Name: "author", Label: "Author", Kind: filter.Words, Empty: "c.author_id IS NULL", IsMe: "c.author_id = ?",
		Match: "c.author_id IN (SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = app_tenant() AND u.email = ANY (?::text[]))"},
	{Name: "team", Label: "Team of the author", Kind: filter.Words,
		Match: "c.author_id IN (SELECT m.user_id FROM memberships m JOIN teams t ON t.tenant_id = m.tenant_id AND t.id = m.team_id WHERE m.tenant_id = app_tenant() AND lower(t.name) = ANY (?::text[]))",
		Empty: "NOT EXISTS (SELECT FROM memberships m WHERE m.tenant_id = app_tenant() AND m.user_id = c.author_id AND m.team_id IS NOT NULL)"},
	{Name: "company", Label: "Company", Kind: filter.Words, Empty: "c.company_id IS NULL",
		Match: "c.company_id IN (SELECT o.id FROM companies o WHERE o.tenant_id = app_tenant() AND o.deleted_at IS NULL AND o.sort_name = ANY (?::text[]))"},
	{Name: "occurredAt", Label: "When", Kind: filter.Moment, Column: "c.occurred_at"},
}

// Say is a type as people read it.
func Say(kind string) string {
	return map[string]string{Note: "Note", Call: "Call", Meeting: "Meeting", Email: "E-mail", WhatsApp: "WhatsApp", SMS: "SMS"}[kind]
}

const columns = `c.id, c.type, c.subject, c.body, c.outcome, c.duration_minutes, c.occurred_at, c.contact_id, coalesce(k.name, '') AS contact_name,
	c.company_id, coalesce(o.name, '') AS company_name, c.author_id, coalesce(u.name, c.author_name) AS author, m.team_id AS author_team_id,
	c.version, c.created_at, c.updated_at, c.deleted_at`

const joins = `LEFT JOIN contacts k ON k.tenant_id = c.tenant_id AND k.id = c.contact_id AND k.deleted_at IS NULL
	LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id AND o.deleted_at IS NULL
	LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.author_id
	LEFT JOIN users u ON u.id = c.author_id`

type listRow struct {
	db.GetActivityRow
	db.Place
}

// list is the timeline of everything. Its pages show the names of records and
// people; who sees what follows from the owners and the trash of the records.
var list = &listing.Kind[Activity, listRow]{
	Name: "activities", Columns: columns, Table: "activities", Joins: joins, Fields: Fields,
	Orders: []db.Order{{Name: "occurredAt", Expr: "c.occurred_at", ID: "c.id", Type: "timestamptz", Desc: true}},
	Search: listing.Search{
		Column: "c.search", Find: "find_activities(?)", Similar: "find_similar_activities(?, ?)",
		Count: func(ctx context.Context, q *db.Queries, pattern string, most int64) (int64, error) {
			return q.CountFoundActivities(ctx, db.CountFoundActivitiesParams{Pattern: pattern, Most: most})
		},
	},
	Tags: []string{tagList, crm.TagContacts, crm.TagCompanies, auth.TagPeople, tenant.TagTeams},
	Make: func(r listRow) (Activity, error) { return fromRow(r.GetActivityRow) },
}

const tagList = "activity:list"

func (s *Service) reader(p auth.Principal) listing.Reader {
	return readerAt(p, filter.Asker{ID: p.UserID, Now: s.now(), Location: p.Location()})
}

func readerAt(p auth.Principal, asker filter.Asker) listing.Reader {
	r := listing.Reader{Tenant: p.TenantID, Asker: asker}
	r.Scope, r.Only = visible(p)
	return r
}

// Activities returns one page of the activities of the records that the principal
// sees, newest first unless q says otherwise, without their comments.
func (s *Service) Activities(ctx context.Context, p auth.Principal, q listing.Query) (listing.Page[Activity], error) {
	if err := p.Require(auth.ActivitiesRead); err != nil {
		return listing.Page[Activity]{}, err
	}
	return list.Page(ctx, s.source(), s.reader(p), q)
}

// OnlyContact leaves only the activities of one contact in a query.
func OnlyContact(id uuid.UUID) listing.Condition {
	return listing.Condition{SQL: "c.contact_id = ?", Args: []any{id}}
}

// OnlyCompany leaves only the activities of one company and its people in a query.
func OnlyCompany(id uuid.UUID) listing.Condition {
	return listing.Condition{SQL: "c.company_id = ?", Args: []any{id}}
}

// OfContact returns one page of a contact's timeline with the comments. Who may not
// see activities gets none.
func (s *Service) OfContact(ctx context.Context, p auth.Principal, contact uuid.UUID, q listing.Query) (listing.Page[Activity], error) {
	q.Only = OnlyContact(contact)
	return s.timeline(ctx, p, q)
}

// OfCompany is OfContact for a company and its people.
func (s *Service) OfCompany(ctx context.Context, p auth.Principal, company uuid.UUID, q listing.Query) (listing.Page[Activity], error) {
	q.Only = OnlyCompany(company)
	return s.timeline(ctx, p, q)
}

func (s *Service) timeline(ctx context.Context, p auth.Principal, q listing.Query) (listing.Page[Activity], error) {
	if !p.Can(auth.ActivitiesRead) {
		return listing.Page[Activity]{}, nil
	}
	page, err := list.Page(ctx, s.source(), s.reader(p), q)
	if err != nil {
		return page, err
	}
	return page, s.addComments(ctx, p, page.Items)
}

var exportColumns = []crm.Column[Activity]{
	{Name: "When", Value: func(a Activity) string { return a.OccurredAt.UTC().Format(time.RFC3339) }},
	{Name: "Type", Value: func(a Activity) string { return a.Type }},
	{Name: "Subject", Value: func(a Activity) string { return a.Subject }},
	{Name: "Text", Value: func(a Activity) string { return a.Body }},
	{Name: "Outcome", Value: func(a Activity) string { return a.Outcome }},
	{Name: "Minutes", Value: minutes},
	{Name: "Contact", Value: func(a Activity) string { return a.Contact }},
	{Name: "Company", Value: func(a Activity) string { return a.Company }},
	{Name: "Author", Value: func(a Activity) string { return a.Author }},
}

func minutes(a Activity) string {
	if a.Duration == nil {
		return ""
	}
	return strconv.Itoa(*a.Duration)
}

// ExportFormats are the kinds of file that an export of activities can be, the usual
// one first.
var ExportFormats = []string{sheet.CSV, sheet.XLSX}

// Export writes every activity that q lists to w, in one of ExportFormats.
func (s *Service) Export(ctx context.Context, p auth.Principal, q listing.Query, format string, w io.Writer) error {
	if err := p.Require(auth.ActivitiesExport); err != nil {
		return err
	}
	if err := crm.CheckFormat(format, ExportFormats); err != nil {
		return err
	}
	all, err := list.All(ctx, s.source(), s.reader(p), q)
	if err != nil {
		return err
	}
	if err := crm.RecordExport(ctx, s.write, p, "activity.export", map[string]string{"q": q.Text, "filter": q.Filter, "sort": q.Sort, "format": format}); err != nil {
		return err
	}
	return crm.WriteRecords(w, format, exportColumns, all)
}
