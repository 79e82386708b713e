package backup

import (
	"fmt"
	"slices"
	"strings"
)

// use says what becomes of a table's rows when one tenant is exported or restored.
type use int

const (
	// exported: in the export, never brought back. What must not go backwards is
	// here, and a table that nobody decided about.
	exported use = iota
	// restored: in the export, and brought back.
	restored
	// leftOut: of no worth outside the running system.
	leftOut
)

// tenantRule is the decision about one table.
type tenantRule struct {
	use use
	// secrets are columns that no export has: whoever reads it must not be able to
	// act as somebody else.
	secrets []string
	// derived are columns that triggers keep. They are neither compared nor written.
	derived []string
}

// tenantRules holds the decision about each table of a tenant. A test walks the
// catalogue and asks for those that are missing. A line may stand here before its
// table does.
var tenantRules = map[string]tenantRule{
	// What a business has entered.
	"companies":          {use: restored},
	"contacts":           {use: restored, derived: []string{"company_name"}},
	"deals":              {use: restored},
	"deal_stage_history": {use: restored},
	"pipelines":          {use: restored},
	"stages":             {use: restored},
	"activities":         {use: restored},
	"activity_comments":  {use: restored},

	"teams":           {use: restored},
	"saved_views":     {use: restored},
	"tags":            {use: restored},
	"default_views":   {use: restored},
	"sample_records":  {use: restored},
	"list_settings":   {use: restored},
	"import_mappings": {use: restored},

	// Who may do what: a restore must give no right back that was taken away.
	"tenants":     {use: exported},
	"memberships": {use: exported},
	"api_keys":    {use: exported, secrets: []string{"prefix", "secret_hash", "previous_hash", "previous_until"}},
	"invitations": {use: exported, secrets: []string{"token_hash"}},

	// What has happened stays as it happened.
	"audit_entries":  {use: exported},
	"imports":        {use: exported},
	"import_errors":  {use: exported},
	"job_progress":   {use: exported},
	"notifications":  {use: exported},
	"bulk_runs":      {use: exported},
	"bulk_items":     {use: exported},
	"import_records": {use: exported},
	"tag_runs":       {use: exported},

	// Of the running system only.
	"idempotency_keys": {use: leftOut},
	"cache_outbox":     {use: leftOut},
	"import_drafts":    {use: leftOut},
	"tag_run_records":  {use: leftOut},
}

// Names of columns that mean the same in every table.
const (
	columnTenant  = "tenant_id"
	columnVersion = "version"
	columnUpdated = "updated_at"
	columnDeleted = "deleted_at"
)

// labels are the columns that may say to a person which row is meant, best first.
var labels = []string{"name", "title", "subject", "number", "label", "file_name", "email", "slug", "code"}

// tenantTable is one table as the catalogue describes it, with our decision.
type tenantTable struct {
	name    string
	rule    tenantRule
	columns []tenantColumn
	key     []string // primary key without the tenant
	links   []link   // foreign keys but those to tenants
	uniques map[string][]string
}

type tenantColumn struct {
	Name      string
	Type      string
	Generated bool
	Required  bool // NOT NULL
	Default   bool
}

// link is a foreign key.
type link struct {
	name    string
	columns []string
	to      string
	targets []string // the columns there
	loose   []string // of columns: those that may be NULL
	late    bool     // to a table that comes no earlier
}

func (t *tenantTable) has(column string) bool {
	return slices.ContainsFunc(t.columns, func(c tenantColumn) bool { return c.Name == column })
}

// hasTrash reports whether rows can be deleted and be there all the same.
func (t *tenantTable) hasTrash() bool { return t.has(columnDeleted) }

// hidden are the columns that an export leaves out: secrets, and what is computed
// but for a name that people know.
func (t *tenantTable) hidden() []string {
	var out []string
	for _, c := range t.columns {
		if slices.Contains(t.rule.secrets, c.Name) || c.Generated && !slices.Contains(labels, c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

// written are the columns that a restore writes, without those it sets by itself.
func (t *tenantTable) written() []string {
	var out []string
	for _, c := range t.columns {
		if !c.Generated && !slices.Contains(t.rule.derived, c.Name) && c.Name != columnVersion && c.Name != columnUpdated {
			out = append(out, c.Name)
		}
	}
	return out
}

// compared reports whether another value in the column makes a row another one.
func (t *tenantTable) compared() []string {
	var out []string
	for _, name := range t.written() {
		if name != columnTenant && !slices.Contains(t.key, name) {
			out = append(out, name)
		}
	}
	return out
}

func (t *tenantTable) identifier() string { return "public." + quote(t.name) }

// rows selects the key and the exported columns of a tenant's rows in the order of
// the key. The order is the same on every server.
func (t *tenantTable) rows(tenant string) string {
	key := make([]string, len(t.key))
	order := make([]string, len(t.key))
	for i, name := range t.key {
		key[i] = "t." + quote(name) + "::text"
		order[i] = key[i] + ` COLLATE "C"`
	}
	of := columnTenant
	if t.name == "tenants" {
		of = "id"
	}
	return fmt.Sprintf("SELECT ARRAY[%s], (to_jsonb(t) - ARRAY[%s]::text[])::text FROM %s t WHERE t.%s = %s ORDER BY %s",
		strings.Join(key, ", "), literals(t.hidden()), t.identifier(), of, literal(tenant), strings.Join(order, ", "))
}

func literals(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = literal(name)
	}
	return strings.Join(out, ", ")
}
