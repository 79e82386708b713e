package crm

import (
	"slices"

	"payaid/internal/filter"
)

// ContactFields are what contacts are filtered by (docs/filters.md).
var ContactFields = slices.Concat(filter.Fields{
	{Name: "stage", Label: "Stage", Kind: filter.Choice, Choices: Stages, Column: "c.stage"},
	{Name: "status", Label: "Status", Kind: filter.Choice, Choices: Statuses, Column: "c.status"},
	{Name: "warmth", Label: "Warmth", Kind: filter.Choice, Choices: Warmths, Column: "c.warmth"},
}, ownedFields, filter.Fields{
	{Name: "source", Label: "Source", Kind: filter.Words, Match: "lower(c.source) = ANY (?::text[])", Empty: "c.source = ''"},
	{Name: "company", Label: "Company", Kind: filter.Words, Match: "c.sort_company = ANY (?::text[])", Empty: "c.sort_company = ''"},
	{Name: "jobTitle", Label: "Job title", Kind: filter.Words, Match: "lower(c.job_title) = ANY (?::text[])", Empty: "c.job_title = ''"},
	{Name: "email", Label: "E-mail", Kind: filter.Words, Match: "c.email = ANY (?::text[])", Empty: "c.email = ''"},
	{Name: "phone", Label: "Phone", Kind: filter.Words, Match: "c.phone = ANY (?::text[])", Empty: "c.phone = ''"},
	{Name: "gstin", Label: "GSTIN", Kind: filter.Words, Match: "lower(c.gstin) = ANY (?::text[])", Empty: "c.gstin = ''"},
	{Name: "leadScore", Label: "Lead score", Kind: filter.Number, Column: "c.lead_score"},
	{Name: "createdAt", Label: "Created", Kind: filter.Moment, Column: "c.created_at"},
	{Name: "updatedAt", Label: "Updated", Kind: filter.Moment, Column: "c.updated_at"},
	{Name: "lastContactedAt", Label: "Last contacted", Kind: filter.Moment, Column: "c.last_contacted_at", Empty: "c.last_contacted_at IS NULL"},
	{Name: "nextFollowUp", Label: "Next follow-up", Kind: filter.Day, Column: "c.next_follow_up", Empty: "c.next_follow_up IS NULL"},
})

// ownedFields are what every record is filtered by that has an owner and tags.
var ownedFields = filter.Fields{
	{Name: "owner", Label: "Owner", Kind: filter.Words, Empty: "c.owner_id IS NULL", IsMe: "c.owner_id = ?",
		Match: "c.owner_id IN (SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = app_tenant() AND u.email = ANY (?::text[]))"},
	{Name: "team", Label: "Team of the owner", Kind: filter.Words,
		Match: "c.owner_id IN (SELECT m.user_id FROM memberships m JOIN teams t ON t.tenant_id = m.tenant_id AND t.id = m.team_id WHERE m.tenant_id = app_tenant() AND lower(t.name) = ANY (?::text[]))",
		Empty: "NOT EXISTS (SELECT FROM memberships m WHERE m.tenant_id = app_tenant() AND m.user_id = c.owner_id AND m.team_id IS NOT NULL)"},
	{Name: "tag", Label: "Tag", Kind: filter.Words, Match: "c.tags && ?::text[]", Empty: "c.tags = '{}'"},
}
