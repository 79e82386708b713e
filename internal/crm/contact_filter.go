package crm

import (
	"errors"
	"time"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/filter"
)

// ContactFields are what contacts are filtered by (docs/filters.md).
var ContactFields = filter.Fields{
	{Name: "stage", Label: "Stage", Kind: filter.Choice, Choices: Stages, Column: "c.stage"},
	{Name: "status", Label: "Status", Kind: filter.Choice, Choices: Statuses, Column: "c.status"},
	{Name: "warmth", Label: "Warmth", Kind: filter.Choice, Choices: Warmths, Column: "c.warmth"},
	{Name: "owner", Label: "Owner", Kind: filter.Words, Empty: "c.owner_id IS NULL", IsMe: "c.owner_id = ?",
		Match: "c.owner_id IN (SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = app_tenant() AND u.email = ANY (?::text[]))"},
	{Name: "team", Label: "Team of the owner", Kind: filter.Words,
		Match: "c.owner_id IN (SELECT m.user_id FROM memberships m JOIN teams t ON t.tenant_id = m.tenant_id AND t.id = m.team_id WHERE m.tenant_id = app_tenant() AND lower(t.name) = ANY (?::text[]))",
		Empty: "NOT EXISTS (SELECT FROM memberships m WHERE m.tenant_id = app_tenant() AND m.user_id = c.owner_id AND m.team_id IS NOT NULL)"},
	{Name: "tag", Label: "Tag", Kind: filter.Words, Match: "c.tags && ?::text[]", Empty: "c.tags = '{}'"},
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
}

// Where returns the whole filter of f except its search, in the form that Parse
// reads. A filter that cannot be read is InvalidInput.
func (f ContactFilter) Where() (filter.Expr, error) {
	where, err := filter.Parse(f.Filter, ContactFields)
	if wrong, ok := errors.AsType[*filter.Error](err); ok {
		e := apperr.New(apperr.InvalidInput, "The filter cannot be read. %s", wrong)
		e.Details = []apperr.Detail{{Field: "filter", Message: wrong.Error()}}
		return filter.Expr{}, e
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
	return where, err
}

// asker says what "me" and "today" mean in a filter of p.
func asker(p auth.Principal, now time.Time) filter.Asker {
	return filter.Asker{ID: p.UserID, Now: now, Location: p.Location()}
}
