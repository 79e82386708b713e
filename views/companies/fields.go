package companies

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"payaid/internal/crm"
	"payaid/internal/money"
	"payaid/views/list"
	"payaid/views/record"
	"payaid/views/ui"
)

// Recorded is a company as the pages of single records know it.
var Recorded = record.Entity{
	Path: Listed.Path, Title: Listed.Title, One: Listed.One, Many: Listed.Many, Least: "A name is enough.", Fields: fields, Unique: "name",
}

// fields are what can be changed about a company, each by itself.
var fields = []record.Field{
	{Name: "name", Label: "Name", Required: true, Known: true},
	{Name: "type", Label: "Type", Kind: record.Choice, Options: list.Choices(crm.CompanyTypes)},
	{Name: "industry", Label: "Industry"},
	{Name: "email", Label: "E-mail", Known: true, Attrs: typed("email")},
	{Name: "phone", Label: "Phone", Known: true, Attrs: typed("tel")},
	{Name: "website", Label: "Website", Known: true, Attrs: typed("url")},
	{Name: "gstin", Label: "GSTIN", Known: true, More: true, Attrs: templ.Attributes{"maxlength": "20", "autocapitalize": "characters", "spellcheck": "false"}},
	{Name: "parentId", Label: "Part of", Hint: "The name of a company that you have added.", More: true, Attrs: parentAttrs},
	{Name: "annualRevenuePaise", Label: "Annual revenue in ₹", More: true, Attrs: typed("decimal"), SayLog: saidPaise},
	{Name: "employees", Label: "Employees", More: true, Attrs: typed("numeric")},
	{Name: "tags", Label: "Tags", Hint: "Separate them by commas.", More: true, Attrs: ui.TagAttrs(record.TagList)},
	{Name: "addresses", Label: "Addresses", Kind: record.Parts, More: true, Control: placesControl, Read: readPlaces, Say: saidPlaces},
	{Name: "ownerId", Label: "Owner", Kind: record.Choice},
	{Name: "notes", Label: "Notes", Kind: record.Long, More: true},
}

// typed asks phones for the keyboard that fits; the server judges the value.
func typed(inputMode string) templ.Attributes { return templ.Attributes{"inputmode": inputMode} }

// parentAttrs suggest companies by their names.
var parentAttrs = templ.Attributes{
	"list": "company-list", "hx-get": "/companies/names", "hx-trigger": "input changed delay:200ms",
	"hx-target": "#company-list", "hx-swap": "innerHTML", "hx-sync": "this:replace",
}

// ValuesOf are the fields of a company as they are typed.
func ValuesOf(c crm.Company) record.Values {
	v := record.Values{
		"name": c.Name, "type": c.Type, "industry": c.Industry, "email": c.Email, "phone": ui.FormatPhone(c.Phone), "website": c.Website, "gstin": c.GSTIN,
		"parentId": c.Parent, "annualRevenuePaise": "", "employees": "", "tags": strings.Join(c.Tags, ", "), "addresses": writtenPlaces(c.Addresses),
		"ownerId": ui.OwnerValue(c.OwnerID), "notes": c.Notes,
	}
	if c.AnnualRevenue != nil {
		v["annualRevenuePaise"] = rupees(*c.AnnualRevenue)
	}
	if c.Employees != nil {
		v["employees"] = strconv.Itoa(*c.Employees)
	}
	return v
}

func rupees(paise int64) string { return strings.TrimPrefix(money.INR(paise), "₹\u00a0") }

// saidPaise is an amount of the log, which counts paise.
func saidPaise(text string) string {
	paise, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return text
	}
	return rupees(paise)
}

// Note is what tells a company in the trash apart.
func Note(c crm.Company) string { return reach(c) }

// parentURL is the address of the company above, "" where the viewer may not open it.
func parentURL(c crm.Company, open map[uuid.UUID]bool) string {
	if c.ParentID == nil || !open[*c.ParentID] {
		return ""
	}
	return Recorded.URL(*c.ParentID)
}
