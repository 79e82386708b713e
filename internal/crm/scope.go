package crm

import (
	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/filter"
	"payaid/internal/listing"
)

// source is what the lists of this area are read from.
func (s *Service) source() listing.Source { return listing.Source{DB: s.db, Cache: s.cache} }

// reader says to a list of the entity who asks: its rows belong to c.owner_id.
func (s *Service) reader(p auth.Principal, entity string) listing.Reader {
	return readerAt(p, entity, filter.Asker{ID: p.UserID, Now: s.now(), Location: p.Location()})
}

func readerAt(p auth.Principal, entity string, asker filter.Asker) listing.Reader {
	r := listing.Reader{Tenant: p.TenantID, Asker: asker}
	r.Scope, r.Only = Scope(p, entity, "c")
	return r
}

// Scope names the rows of the entity that the principal sees and says in SQL, where
// they are called alias, what auth.Principal.Sees says in Go.
func Scope(p auth.Principal, entity, alias string) (name string, only listing.Condition) {
	owner := alias + ".owner_id"
	switch p.ReadScope(entity) {
	case auth.ScopeAll:
		return "all", listing.Condition{}
	case auth.ScopeTeam:
		team, id := "none", uuid.Nil
		if p.TeamID != nil {
			team, id = p.TeamID.String(), *p.TeamID
		}
		return "team " + team + " of " + p.UserID.String(), listing.Condition{
			SQL:  "(" + owner + " = ? OR " + owner + " IN (SELECT user_id FROM memberships WHERE tenant_id = ? AND team_id = ?))",
			Args: []any{p.UserID, p.TenantID, id},
		}
	case auth.ScopeOwn:
		return "own of " + p.UserID.String(), listing.Condition{SQL: owner + " = ?", Args: []any{p.UserID}}
	}
	return "nothing", listing.Condition{SQL: "false"}
}
