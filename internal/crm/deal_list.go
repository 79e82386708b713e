package crm

import (
	"context"
	"io"
	"slices"
	"strconv"
	"time"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/filter"
	"payaid/internal/listing"
	"payaid/internal/sheet"
	"payaid/internal/tenant"
)

// EntityDeals names deals in saved views.
const EntityDeals = "deals"

// DealFields are what deals are filtered by (docs/filters.md). The value counts in
// rupees.
var DealFields = slices.Concat(filter.Fields{
	{Name: "state", Label: "State", Kind: filter.Choice, Choices: DealStates, Column: "c.state"},
	{Name: "stage", Label: "Stage", Kind: filter.Words,
		Match: "c.stage_id IN (SELECT s.id FROM stages s WHERE s.tenant_id = app_tenant() AND lower(s.name) = ANY (?::text[]))"},
	{Name: "pipeline", Label: "Pipeline", Kind: filter.Words,
		Match: "c.pipeline_id IN (SELECT p.id FROM pipelines p WHERE p.tenant_id = app_tenant() AND lower(p.name) = ANY (?::text[]))"},
	{Name: "value", Label: "Value", Kind: filter.Number, Column: "(c.value / 100)"},
	{Name: "expectedClose", Label: "Expected close", Kind: filter.Day, Column: "c.expected_close", Empty: "c.expected_close IS NULL"},
}, ownedFields[:2], filter.Fields{ // deals have no tags
	{Name: "company", Label: "Company", Kind: filter.Words, Empty: "c.company_id IS NULL",
		Match: "c.company_id IN (SELECT o.id FROM companies o WHERE o.tenant_id = app_tenant() AND o.deleted_at IS NULL AND o.sort_name = ANY (?::text[]))"},
	{Name: "contact", Label: "Contact", Kind: filter.Words, Empty: "c.contact_id IS NULL",
		Match: "c.contact_id IN (SELECT n.id FROM contacts n WHERE n.tenant_id = app_tenant() AND n.deleted_at IS NULL AND n.sort_name = ANY (?::text[]))"},
	{Name: "source", Label: "Source", Kind: filter.Words, Match: "lower(c.source) = ANY (?::text[])", Empty: "c.source = ''"},
	{Name: "competitor", Label: "Competitor", Kind: filter.Words, Match: "lower(c.competitor) = ANY (?::text[])", Empty: "c.competitor = ''"},
	{Name: "rotting", Label: "Rotting", Kind: filter.Choice, Choices: []string{"yes", "no"}, Column: rotting},
	{Name: "closedAt", Label: "Closed", Kind: filter.Moment, Column: "c.closed_at", Empty: "c.closed_at IS NULL"},
	{Name: "createdAt", Label: "Created", Kind: filter.Moment, Column: "c.created_at"},
	{Name: "updatedAt", Label: "Updated", Kind: filter.Moment, Column: "c.updated_at"},
})

// rotting says in SQL what Deal.Rotting says in Go.
const rotting = `(CASE WHEN c.state = 'open' AND EXISTS (SELECT FROM stages s WHERE s.tenant_id = app_tenant() AND s.id = c.stage_id AND s.rot_days > 0
	AND c.stage_since < now() - s.rot_days * interval '1 day') THEN 'yes' ELSE 'no' END)`

// dealOrders are the documented orders, each carried by an index.
var dealOrders = []db.Order{
	{Name: "name", Expr: "c.sort_name", ID: "c.id", Type: "text"},
	{Name: "value", Expr: "c.value", ID: "c.id", Type: "bigint"},
	{Name: "expectedClose", Expr: "c.sort_close", ID: "c.id", Type: "date"}, // none: behind all others
	{Name: "createdAt", Expr: "c.created_at", ID: "c.id", Type: "timestamptz"},
	{Name: "updatedAt", Expr: "c.updated_at", ID: "c.id", Type: "timestamptz"},
}

const dealColumns = `c.id, c.name, c.value, c.probability, c.pipeline_id, p.name AS pipeline_name, c.stage_id, s.name AS stage_name, c.state, s.probability AS stage_probability,
	s.rot_days, c.stage_since, c.expected_close, c.closed_at, c.reason, c.competitor, c.source, c.notes,
	c.contact_id, coalesce(n.name, '') AS contact_name, c.company_id, coalesce(o.name, '') AS company_name,
	c.owner_id, coalesce(u.name, '') AS owner_name, m.team_id AS owner_team_id, c.version, c.created_at, c.updated_at, c.deleted_at`

const dealJoins = `JOIN pipelines p ON p.tenant_id = c.tenant_id AND p.id = c.pipeline_id
	JOIN stages s ON s.tenant_id = c.tenant_id AND s.id = c.stage_id
	LEFT JOIN contacts n ON n.tenant_id = c.tenant_id AND n.id = c.contact_id AND n.deleted_at IS NULL
	LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id AND o.deleted_at IS NULL
	LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
	LEFT JOIN users u ON u.id = c.owner_id`

type dealListRow struct {
	db.GetDealRow
	db.Place
}

// dealsBy lists deals in the orders. Its pages show the names of stages, contacts,
// companies and owners and who is in which team.
func dealsBy(name string, orders []db.Order) *listing.Kind[Deal, dealListRow] {
	return &listing.Kind[Deal, dealListRow]{
		Name: name, Columns: dealColumns, Table: "deals", Joins: dealJoins, Orders: orders, Fields: DealFields,
		Search: listing.Search{
			Column: "c.search", Find: "find_deals(?)", Similar: "find_similar_deals(?, ?)",
			Count: func(ctx context.Context, q *db.Queries, pattern string, most int64) (int64, error) {
				return q.CountFoundDeals(ctx, db.CountFoundDealsParams{Pattern: pattern, Most: most})
			},
		},
		Tags: []string{tagDealList, tagPipelineList, tagContactList, tagCompanyList, auth.TagPeople, tenant.TagTeams},
		Make: func(r dealListRow) (Deal, error) { return dealFromRow(r.GetDealRow), nil },
	}
}

var dealList = dealsBy("deals", dealOrders)

// Deals returns one page of the deals that the principal sees.
func (s *Service) Deals(ctx context.Context, p auth.Principal, q listing.Query) (listing.Page[Deal], error) {
	if err := p.Require(auth.DealsRead); err != nil {
		return listing.Page[Deal]{}, err
	}
	return dealList.Page(ctx, s.source(), s.reader(p, auth.Deals), q)
}

var dealColumnsOfExport = []Column[Deal]{
	{"Name", func(d Deal) string { return d.Name }},
	{"Value (paise)", func(d Deal) string { return strconv.FormatInt(d.Value, 10) }},
	{"Pipeline", func(d Deal) string { return d.Pipeline }},
	{"Stage", func(d Deal) string { return d.Stage }},
	{"State", func(d Deal) string { return d.State }},
	{"Probability", func(d Deal) string { return strconv.Itoa(d.Probability) }},
	{"Expected close", func(d Deal) string { return d.ExpectedClose }},
	{"Closed at", func(d Deal) string {
		if d.ClosedAt == nil {
			return ""
		}
		return d.ClosedAt.UTC().Format(time.RFC3339)
	}},
	{"Reason", func(d Deal) string { return d.Reason }},
	{"Competitor", func(d Deal) string { return d.Competitor }},
	{"Contact", func(d Deal) string { return d.Contact }},
	{"Company", func(d Deal) string { return d.Company }},
	{"Source", func(d Deal) string { return d.Source }},
	{"Notes", func(d Deal) string { return d.Notes }},
	{"Owner", func(d Deal) string { return d.Owner }},
	{"Created at", func(d Deal) string { return d.CreatedAt.UTC().Format(time.RFC3339) }},
}

// DealExportFormats are the kinds of file that an export of deals can be, the usual
// one first.
var DealExportFormats = []string{sheet.CSV, sheet.XLSX}

// ExportDeals writes every deal that q lists to w, like ExportContacts.
func (s *Service) ExportDeals(ctx context.Context, p auth.Principal, q listing.Query, format string, w io.Writer) error {
	if err := p.Require(auth.DealsExport); err != nil {
		return err
	}
	if err := CheckFormat(format, DealExportFormats); err != nil {
		return err
	}
	all, err := dealList.All(ctx, s.source(), s.reader(p, auth.Deals), q)
	if err != nil {
		return err
	}
	if err := RecordExport(ctx, s.write, p, "deal.export", map[string]string{"q": q.Text, "filter": q.Filter, "sort": q.Sort, "format": format}); err != nil {
		return err
	}
	return WriteRecords(w, format, dealColumnsOfExport, all)
}
