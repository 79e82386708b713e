package companies

import (
	"strconv"

	"github.com/a-h/templ"

	"payaid/internal/crm"
	"payaid/views/list"
	"payaid/views/ui"
)

// columns are those of crm.CompanyColumns, in its order.
var columns = []list.Column[crm.Company]{
	{Key: "type", Label: "Type", Cell: "side", Show: func(c crm.Company) templ.Component { return ui.StatusPill(list.Label(c.Type), tone(c.Type)) }},
	{Key: "industry", Label: "Industry", Cell: "meta", Show: func(c crm.Company) templ.Component { return list.Text(c.Industry) }},
	{Key: "employees", Label: "Employees", Sort: "employees", Num: true, Show: employees},
	{Key: "annualRevenue", Label: "Annual revenue", Sort: "annualRevenue", Num: true, Show: revenue},
	{Key: "email", Label: "E-mail", Show: func(c crm.Company) templ.Component { return list.Text(c.Email) }},
	{Key: "phone", Label: "Phone", Show: func(c crm.Company) templ.Component { return list.Text(ui.FormatPhone(c.Phone)) }},
	{Key: "gstin", Label: "GSTIN", Show: func(c crm.Company) templ.Component { return list.Text(c.GSTIN) }},
	{Key: "parent", Label: "Part of", Show: func(c crm.Company) templ.Component { return list.Text(c.Parent) }},
	{Key: "tags", Label: "Tags", Show: func(c crm.Company) templ.Component { return list.Tags(c.Tags) }},
	{Key: "owner", Label: "Owner", Show: func(c crm.Company) templ.Component { return list.Text(c.Owner) }},
	{Key: "createdAt", Label: "Created", Sort: "createdAt", Show: func(c crm.Company) templ.Component { return ui.Date(c.CreatedAt) }},
	{Key: "updatedAt", Label: "Updated", Sort: "updatedAt", Show: func(c crm.Company) templ.Component { return ui.Date(c.UpdatedAt) }},
}

func employees(c crm.Company) templ.Component {
	if c.Employees == nil {
		return list.Text("")
	}
	return list.Text(strconv.Itoa(*c.Employees))
}

func revenue(c crm.Company) templ.Component {
	if c.AnnualRevenue == nil {
		return list.Text("")
	}
	return ui.MoneyShort(*c.AnnualRevenue)
}

// bulk is what can be done to the companies of the list.
func (p ListProps) bulk() list.BulkProps {
	out := p.BulkForm(len(p.Page.Items), p.Page.Total, p.Page.Capped)
	out.Delete = p.MayDelete
	if p.MayExport {
		out.Export = "/companies/export.csv"
	}
	if p.MayCreate {
		out.Menus = append(list.OwnersMenu(crm.BulkAssign, p.Owners),
			list.Menu{Key: "tags", Label: "Tag", Icon: ui.IconTag},
			list.Menu{Key: "type", Label: "Type", Icon: ui.IconListChecks, Choices: list.Actions(crm.BulkType, crm.CompanyTypes)},
		)
	}
	return out
}
