package crm

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/filter"
	"payaid/internal/gstin"
	"payaid/internal/listing"
	"payaid/internal/sheet"
	"payaid/internal/tenant"
)

// EntityCompanies names companies in lists, imports, saved views and bulk actions.
const EntityCompanies = "companies"

// CompanyFields are what companies are filtered by (docs/filters.md). The annual
// revenue counts in rupees.
var CompanyFields = slices.Concat(filter.Fields{
	{Name: "type", Label: "Type", Kind: filter.Choice, Choices: CompanyTypes, Column: "c.type"},
	{Name: "industry", Label: "Industry", Kind: filter.Words, Match: "lower(c.industry) = ANY (?::text[])", Empty: "c.industry = ''"},
}, ownedFields, filter.Fields{
	{Name: "parent", Label: "Part of", Kind: filter.Words, Empty: "c.parent_id IS NULL",
		Match: "c.parent_id IN (SELECT o.id FROM companies o WHERE o.tenant_id = app_tenant() AND o.deleted_at IS NULL AND o.sort_name = ANY (?::text[]))"},
	{Name: "city", Label: "City", Kind: filter.Words, Empty: "c.addresses = '[]'",
		Match: "EXISTS (SELECT FROM jsonb_array_elements(c.addresses) a WHERE lower(a ->> 'city') = ANY (?::text[]))"},
	{Name: "state", Label: "State", Kind: filter.Choice, Choices: gstin.StateCodes(), Say: gstin.State, Column: "(c.addresses #>> '{0,stateCode}')", Empty: "c.addresses = '[]'"},
	{Name: "email", Label: "E-mail", Kind: filter.Words, Match: "c.email = ANY (?::text[])", Empty: "c.email = ''"},
	{Name: "phone", Label: "Phone", Kind: filter.Words, Match: "c.phone = ANY (?::text[])", Empty: "c.phone = ''"},
	{Name: "website", Label: "Website", Kind: filter.Words, Match: "lower(c.website) = ANY (?::text[])", Empty: "c.website = ''"},
	{Name: "gstin", Label: "GSTIN", Kind: filter.Words, Match: "lower(c.gstin) = ANY (?::text[])", Empty: "c.gstin = ''"},
	{Name: "annualRevenue", Label: "Annual revenue", Kind: filter.Number, Column: "(c.annual_revenue / 100)", Empty: "c.annual_revenue IS NULL"},
	{Name: "employees", Label: "Employees", Kind: filter.Number, Column: "c.employees", Empty: "c.employees IS NULL"},
	{Name: "createdAt", Label: "Created", Kind: filter.Moment, Column: "c.created_at"},
	{Name: "updatedAt", Label: "Updated", Kind: filter.Moment, Column: "c.updated_at"},
})

// companyOrders are the documented orders, each carried by an index.
var companyOrders = []db.Order{
	{Name: "name", Expr: "c.sort_name", ID: "c.id", Type: "text"},
	{Name: "annualRevenue", Expr: "c.sort_revenue", ID: "c.id", Type: "bigint"}, // unknown: before all others
	{Name: "employees", Expr: "c.sort_employees", ID: "c.id", Type: "integer"},  // unknown: before all others
	{Name: "createdAt", Expr: "c.created_at", ID: "c.id", Type: "timestamptz"},
	{Name: "updatedAt", Expr: "c.updated_at", ID: "c.id", Type: "timestamptz"},
}

const companyColumns = `c.id, c.name, c.parent_id, coalesce(o.name, '') AS parent_name, c.type, c.industry, c.annual_revenue, c.employees, c.website,
	c.phone, c.email, c.gstin, c.tags, c.notes, c.addresses, c.owner_id, coalesce(u.name, '') AS owner_name, m.team_id AS owner_team_id,
	c.version, c.created_at, c.updated_at, c.deleted_at`

const companyJoins = `LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.parent_id AND o.deleted_at IS NULL
	LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
	LEFT JOIN users u ON u.id = c.owner_id`

type companyListRow struct {
	db.GetCompanyRow
	db.Place
}

// companyList is the list of companies. Its pages show the names of parents and
// owners and who is in which team.
var companyList = &listing.Kind[Company, companyListRow]{
	Name: "companies", Columns: companyColumns, Table: "companies", Joins: companyJoins, Orders: companyOrders, Fields: CompanyFields,
	Search: listing.Search{
		Column: "c.search", Find: "find_companies(?)", Similar: "find_similar_companies(?, ?)",
		Count: func(ctx context.Context, q *db.Queries, pattern string, most int64) (int64, error) {
			return q.CountFoundCompanies(ctx, db.CountFoundCompaniesParams{Pattern: pattern, Most: most})
		},
	},
	Tags: []string{tagCompanyList, auth.TagPeople, tenant.TagTeams},
	Make: func(r companyListRow) (Company, error) { return companyFromRow(r.GetCompanyRow) },
}

// Companies returns one page of the companies that the principal sees.
func (s *Service) Companies(ctx context.Context, p auth.Principal, q listing.Query) (listing.Page[Company], error) {
	if err := p.Require(auth.CompaniesRead); err != nil {
		return listing.Page[Company]{}, err
	}
	return companyList.Page(ctx, s.source(), s.reader(p, auth.Companies), q)
}

// Subsidiaries returns one page of the companies right below one company.
func (s *Service) Subsidiaries(ctx context.Context, p auth.Principal, id uuid.UUID, q listing.Query) (listing.Page[Company], error) {
	q.Only = listing.Condition{SQL: "c.parent_id = ?", Args: []any{id}}
	return s.Companies(ctx, p, q)
}

// People returns one page of the contacts who work at the company, as far as the
// principal sees them. Who may not see contacts gets none.
func (s *Service) People(ctx context.Context, p auth.Principal, company uuid.UUID, q listing.Query) (listing.Page[Contact], error) {
	if !p.Can(auth.ContactsRead) {
		return listing.Page[Contact]{}, nil
	}
	q.Only = listing.Condition{SQL: "c.company_id = ?", Args: []any{company}}
	return contactList.Page(ctx, s.source(), s.reader(p, auth.Contacts), q)
}

var companyColumnsOfExport = []Column[Company]{
	{"Name", func(c Company) string { return c.Name }},
	{"Parent", func(c Company) string { return c.Parent }},
	{"Type", func(c Company) string { return c.Type }},
	{"Industry", func(c Company) string { return c.Industry }},
	{"Annual revenue (paise)", func(c Company) string { return number(c.AnnualRevenue) }},
	{"Employees", func(c Company) string { return number(c.Employees) }},
	{"Website", func(c Company) string { return c.Website }},
	{"Phone", func(c Company) string { return c.Phone }},
	{"Email", func(c Company) string { return c.Email }},
	{"GSTIN", func(c Company) string { return c.GSTIN }},
	{"Tags", func(c Company) string { return joinTags(c.Tags) }},
	{"Addresses", func(c Company) string { return joinAddresses(c.Addresses) }},
	{"Notes", func(c Company) string { return c.Notes }},
	{"Owner", func(c Company) string { return c.Owner }},
	{"Created at", func(c Company) string { return c.CreatedAt.UTC().Format(time.RFC3339) }},
}

// CompanyExportFormats are the kinds of file that an export of companies can be, the
// usual one first.
var CompanyExportFormats = []string{sheet.CSV, sheet.XLSX}

// ExportCompanies writes every company that q lists to w, like ExportContacts. ids
// leave only these, at most 1,000; nil leaves whichever there are.
func (s *Service) ExportCompanies(ctx context.Context, p auth.Principal, q listing.Query, ids []uuid.UUID, format string, w io.Writer) (err error) {
	if err := p.Require(auth.CompaniesExport); err != nil {
		return err
	}
	if err := CheckFormat(format, CompanyExportFormats); err != nil {
		return err
	}
	if ids != nil {
		if q, err = Selected(q, ids); err != nil {
			return err
		}
	}
	all, err := companyList.All(ctx, s.source(), s.reader(p, auth.Companies), q)
	if err != nil {
		return err
	}
	if err := RecordExport(ctx, s.write, p, "company.export", map[string]any{"ids": ids, "q": q.Text, "filter": q.Filter, "sort": q.Sort, "format": format}); err != nil {
		return err
	}
	return WriteRecords(w, format, companyColumnsOfExport, all)
}

func number[N int | int64](n *N) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(int64(*n), 10)
}

func joinAddresses(places []Address) string {
	out := make([]string, len(places))
	for i, a := range places {
		text := strings.Join(slices.DeleteFunc([]string{a.Lines, a.City, gstin.State(a.StateCode), a.PIN}, func(s string) bool { return s == "" }), ", ")
		if a.Label != "" {
			text = a.Label + ": " + text
		}
		out[i] = text
	}
	return strings.Join(out, "\n")
}
