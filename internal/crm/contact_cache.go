package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"payaid/internal/auth"
	"payaid/internal/cache"
	"payaid/internal/tenant"
)

// contactListLife bounds what a list that nobody reads any more takes up.
const contactListLife = 5 * time.Minute

var (
	contactPages  = cache.JSON[ContactPage]("contacts-1")
	contactTotals = cache.JSON[int]("total-1")
)

// contactListTags are what a list of contacts shows: contacts, the names of their
// companies and owners, and who is in which team; filters ask for these as well.
func contactListTags() []string {
	return []string{tagContactList, tagCompanyList, auth.TagPeople, tenant.TagTeams}
}

// rememberPage keeps a page of the list with its total. The rights are checked, and
// f was checked, before.
func (s *Service) rememberPage(ctx context.Context, p auth.Principal, f ContactFilter, load func(context.Context) (ContactPage, error)) (ContactPage, error) {
	it, err := s.contactItem("page", p, f)
	if err != nil {
		return ContactPage{}, err
	}
	return cache.Remember(ctx, s.cache, it, contactPages, load)
}

// rememberTotal keeps the total alone: it is the same on every page and under
// every order, and costs far more than a page.
func (s *Service) rememberTotal(ctx context.Context, p auth.Principal, f ContactFilter, load func(context.Context) (int, error)) (int, error) {
	f.Sort, f.Cursor, f.Limit = "", "", 0
	it, err := s.contactItem("total", p, f)
	if err != nil {
		return 0, err
	}
	return cache.Remember(ctx, s.cache, it, contactTotals, load)
}

// contactItem names a value by all fields of the filter, those too that are added
// later, by the part of the contacts that the principal sees, and, where a filter
// may speak of today or of me, by the day and the person.
func (s *Service) contactItem(what string, p auth.Principal, f ContactFilter) (cache.Item, error) {
	f.Query = strings.TrimSpace(f.Query)
	filter, err := json.Marshal(f)
	if err != nil {
		return cache.Item{}, fmt.Errorf("name a list of contacts: %w", err)
	}
	key := strings.Join([]string{"contacts", what, scopeKey(p, auth.Contacts), string(filter)}, " ")
	if f.Filter != "" {
		zone := p.Location()
		key += " " + s.now().In(zone).Format(time.DateOnly) + " " + zone.String() + " " + p.UserID.String()
	}
	return cache.Item{Tenant: p.TenantID, Key: key, Tags: contactListTags(), TTL: contactListLife}, nil
}

// scopeKey tells apart who sees different records of the entity. It follows
// scopeToOwner.
func scopeKey(p auth.Principal, entity string) string {
	switch scope := p.ReadScope(entity); scope {
	case auth.ScopeAll:
		return "all"
	case auth.ScopeTeam:
		team := "none"
		if p.TeamID != nil {
			team = p.TeamID.String()
		}
		return "team " + team + " of " + p.UserID.String()
	case auth.ScopeOwn:
		return "own of " + p.UserID.String()
	default:
		return "nothing"
	}
}
