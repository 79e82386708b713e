package contacts

import (
	"strconv"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"payaid/internal/crm"
	"payaid/views/list"
	"payaid/views/record"
	"payaid/views/ui"
)

// columnsOf are those of crm.ContactColumns, in its order. The companies that are open are linked.
func columnsOf(open map[uuid.UUID]bool) []list.Column[crm.Contact] {
	return []list.Column[crm.Contact]{
		{Key: "email", Label: "E-mail", Show: func(c crm.Contact) templ.Component { return list.Text(c.Email) }},
		{Key: "phone", Label: "Phone", Show: func(c crm.Contact) templ.Component { return list.Text(ui.FormatPhone(c.Phone)) }},
		{Key: "company", Label: "Company", Sort: "company", Cell: "meta", Show: func(c crm.Contact) templ.Component { return record.Company(companyURL(c, open), c.Company) }},
		{Key: "jobTitle", Label: "Job title", Show: func(c crm.Contact) templ.Component { return list.Text(c.JobTitle) }},
		{Key: "stage", Label: "Stage", Cell: "side", Show: func(c crm.Contact) templ.Component { return pill(c.Stage) }},
		{Key: "status", Label: "Status", Show: func(c crm.Contact) templ.Component { return pill(c.Status) }},
		{Key: "warmth", Label: "Warmth", Show: func(c crm.Contact) templ.Component { return pill(c.Warmth) }},
		{Key: "leadScore", Label: "Lead score", Sort: "leadScore", Num: true, Show: func(c crm.Contact) templ.Component { return list.Text(strconv.Itoa(c.LeadScore)) }},
		{Key: "source", Label: "Source", Show: func(c crm.Contact) templ.Component { return list.Text(c.Source) }},
		{Key: "tags", Label: "Tags", Show: func(c crm.Contact) templ.Component { return list.Tags(c.Tags) }},
		{Key: "owner", Label: "Owner", Show: func(c crm.Contact) templ.Component { return list.Text(c.Owner) }},
		{Key: "lastContactedAt", Label: "Last contacted", Sort: "lastContactedAt", Show: func(c crm.Contact) templ.Component { return list.When(c.LastContactedAt) }},
		{Key: "nextFollowUp", Label: "Next follow-up", Sort: "nextFollowUp", Show: func(c crm.Contact) templ.Component { return list.OnDay(c.NextFollowUp) }},
		{Key: "createdAt", Label: "Created", Sort: "createdAt", Show: func(c crm.Contact) templ.Component { return ui.Date(c.CreatedAt) }},
		{Key: "updatedAt", Label: "Updated", Sort: "updatedAt", Show: func(c crm.Contact) templ.Component { return ui.Date(c.UpdatedAt) }},
	}
}

func pill(state string) templ.Component { return ui.StatusPill(list.Label(state), tone(state)) }

// bulk is what can be done to the contacts of the list.
func (p ListProps) bulk() list.BulkProps {
	out := p.BulkForm(len(p.Page.Contacts), p.Page.Total, p.Page.Capped)
	out.Delete = p.MayDelete
	if p.MayExport {
		out.Export = "/contacts/export.csv"
	}
	if p.MayCreate {
		out.Menus = append(list.OwnersMenu(crm.BulkAssign, p.Owners),
			list.Menu{Key: "tags", Label: "Tag", Icon: ui.IconTag},
			list.Menu{Key: "stage", Label: "Stage", Icon: ui.IconListChecks, Choices: list.Actions(crm.BulkStage, crm.Stages)},
			list.Menu{Key: "status", Label: "Status", Icon: ui.IconStar, Choices: list.Actions(crm.BulkStatus, crm.Statuses)},
		)
	}
	return out
}
