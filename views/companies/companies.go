// Package companies holds the pages of companies: the list, the record and the form. It shows what it is given; what a user may
// see and do is decided before.
package companies

import (
	"strings"

	"payaid/internal/crm"
	"payaid/internal/listing"
	"payaid/views/list"
	"payaid/views/ui"
)

// Listed is the list of companies as the parts that all lists share know it.
var Listed = list.Entity{
	Key: crm.EntityCompanies, Path: "/companies", Title: "Companies", One: "company", Many: "companies", Fields: crm.CompanyFields,
	Orders: sortOptions, Default: "name", Falling: []string{"annualRevenue", "employees", "createdAt", "updatedAt"}, Formats: crm.CompanyExportFormats,
}

var sortOptions = []ui.Option{
	{Value: "", Label: "Name A–Z"}, {Value: "-name", Label: "Name Z–A"},
	{Value: "-annualRevenue", Label: "Highest revenue"}, {Value: "annualRevenue", Label: "Lowest revenue"},
	{Value: "-employees", Label: "Most employees"}, {Value: "employees", Label: "Fewest employees"},
	{Value: "-createdAt", Label: "Newest first"}, {Value: "createdAt", Label: "Oldest first"},
	{Value: "-updatedAt", Label: "Changed last"}, {Value: "updatedAt", Label: "Changed longest ago"},
}

// ListProps are what the list shows.
type ListProps struct {
	list.Props
	Page      listing.Page[crm.Company]
	Owners    []ui.Option // to whom the viewer may give companies
	MayCreate bool
	MayDelete bool
	MayExport bool
	NoAccess  bool // the viewer sees no company at all, whatever there is
}

// firstUse reports whether there is nothing to list yet.
func (p ListProps) firstUse() bool { return len(p.Page.Items) == 0 && !p.At.Filtered() }

// tone colours a type.
func tone(kind string) ui.Tone {
	switch kind {
	case "customer":
		return ui.ToneOK
	case "partner":
		return ui.ToneInfo
	case "competitor":
		return ui.ToneWarn
	}
	return ui.ToneNeutral
}

// reach is how a company is reached, in one line below its name.
func reach(c crm.Company) string {
	if c.Email != "" {
		return c.Email
	}
	return ui.FormatPhone(c.Phone)
}

// site is the address of a website as people write it, without its scheme.
func site(address string) string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		return address
	}
	return rest
}
