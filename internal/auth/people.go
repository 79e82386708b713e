package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

const entityPerson = "user"

// Person is somebody in the principal's tenant, as administrators see them.
type Person struct {
	ID          uuid.UUID        `json:"id"`
	Name        string           `json:"name"`
	Email       string           `json:"email"`
	Role        Role             `json:"role"`
	TeamID      *uuid.UUID       `json:"teamId"`
	Team        string           `json:"team"`
	ViewScopes  map[string]Scope `json:"viewScopes"` // by entity; one that is absent follows the role
	LastLoginAt *time.Time       `json:"lastLoginAt"`
	Photo       string           `json:"-"`        // SHA-256 of their photo; "" for none
	Disabled    bool             `json:"disabled"` // the account as a whole, by the platform
	Version     int64            `json:"version"`
	JoinedAt    time.Time        `json:"joinedAt"`
	UpdatedAt   time.Time        `json:"updatedAt"`
}

// PersonPatch names what changes; nil leaves a field as it is.
type PersonPatch struct {
	Role       *Role
	TeamID     *uuid.UUID       // uuid.Nil: no team
	ViewScopes map[string]Scope // entities that change; "" follows the role again
}

// PersonPage is one page of people, by name.
type PersonPage struct {
	People     []Person
	Prev, Next string // cursors of the neighbouring pages, "" where there is none
}

// The order sorts the members of one tenant, which the primary key of memberships
// finds: a business has people by the dozen, and names stand in another table.
var personOrder = db.Order{Name: "name", Expr: "lower(u.name)", ID: "m.user_id", Type: "text"}

const (
	personColumns = `u.id AS user_id, u.name, u.email, u.photo, u.last_login_at, u.disabled_at IS NOT NULL AS disabled, m.role, m.team_id, coalesce(t.name, '') AS team_name,
		m.view_scopes, m.version, m.created_at, m.updated_at`
	personFrom = `memberships m
		JOIN users u ON u.id = m.user_id
		LEFT JOIN teams t ON t.tenant_id = m.tenant_id AND t.id = m.team_id`
)

type personRow struct {
	db.GetPersonRow
	db.Place
}

// People lists who belongs to the principal's tenant.
func (s *Service) People(ctx context.Context, p Principal, r PageRequest) (PersonPage, error) {
	if err := p.Require(PeopleConfigure); err != nil {
		return PersonPage{}, err
	}
	rows, prev, next, err := readPage[personRow](ctx, s.db.Tenant(p.TenantID), db.NewList(personColumns, personFrom, "m", p.TenantID), personOrder, r)
	if err != nil {
		return PersonPage{}, err
	}
	page := PersonPage{People: make([]Person, len(rows)), Prev: prev, Next: next}
	for i, row := range rows {
		if page.People[i], err = personFromRow(row.GetPersonRow); err != nil {
			return PersonPage{}, err
		}
	}
	return page, nil
}

// Person returns one member of the principal's tenant, or NotFound.
func (s *Service) Person(ctx context.Context, p Principal, id uuid.UUID) (Person, error) {
	if err := p.Require(PeopleConfigure); err != nil {
		return Person{}, err
	}
	return readPerson(ctx, s.db.Tenant(p.TenantID), p, id)
}

// Assignable lists the roles that the principal may give: its own and narrower
// ones. Ownership is handed over and not given.
func (p Principal) Assignable() []Role {
	var out []Role
	for _, r := range Roles {
		if r != Owner && r.Within(p.Role) {
			out = append(out, r)
		}
	}
	return out
}

// UpdatePerson changes somebody's role, team and view scopes. version is what the
// caller last saw, nil to overwrite; an older one is a Conflict. An owner's role
// stays, and nobody changes somebody above themselves.
func (s *Service) UpdatePerson(ctx context.Context, p Principal, id uuid.UUID, patch PersonPatch, version *int64) (Person, error) {
	if err := p.Require(PeopleConfigure); err != nil {
		return Person{}, err
	}
	input := struct {
		ID      uuid.UUID
		Patch   PersonPatch
		Version *int64
	}{id, patch, version}
	return change.Do(ctx, s.write, p.Actor(), "user.update", input, func(ctx context.Context, tx *change.Tx) (Person, error) {
		before, err := lockPerson(ctx, tx, p, id, version)
		if err != nil {
			return Person{}, err
		}
		params, err := patch.apply(ctx, tx, p, before)
		if err != nil {
			return Person{}, err
		}
		if err := tx.Q.UpdateMembership(ctx, params); err != nil {
			return Person{}, fmt.Errorf("update the membership: %w", err)
		}
		after, err := readPerson(ctx, tx.Q, p, id)
		if err != nil {
			return Person{}, err
		}
		if err := tellChanges(ctx, tx, p, before, after); err != nil {
			return Person{}, err
		}
		return after, tx.Record(ctx, change.Event{Action: "user.update", Entity: entityPerson, EntityID: id, Before: before, After: after})
	})
}

// apply judges the patch against the person as they are now.
func (patch PersonPatch) apply(ctx context.Context, tx *change.Tx, p Principal, now Person) (db.UpdateMembershipParams, error) {
	var f apperr.Fields
	role, team, scopes := now.Role, now.TeamID, maps.Clone(now.ViewScopes)
	if patch.Role != nil && *patch.Role != now.Role {
		role = *patch.Role
		f.Check(now.Role != Owner, "role", "An owner stays owner until the business is handed over.")
		f.Check(slices.Contains(p.Assignable(), role), "role", "Choose a role that is not wider than your own.")
	}
	if patch.TeamID != nil {
		if team = patch.TeamID; *team == uuid.Nil {
			team = nil
		} else if _, err := tx.Q.GetTeam(ctx, db.GetTeamParams{TenantID: p.TenantID, ID: *team}); db.IsNoRows(err) {
			f.Add("teamId", "This team does not exist.")
		} else if err != nil {
			return db.UpdateMembershipParams{}, fmt.Errorf("look for the team: %w", err)
		}
	}
	for entity, scope := range patch.ViewScopes {
		f.Check(slices.Contains(Scoped, entity), "viewScopes", fmt.Sprintf("There is no view scope for %q.", entity))
		f.Check(scope == "" || slices.Contains(Scopes, scope), "viewScopes", "Choose own, team, all or none, or leave it to the role.")
		if scopes[entity] = scope; scope == "" {
			delete(scopes, entity)
		}
	}
	if err := f.Err(); err != nil {
		return db.UpdateMembershipParams{}, err
	}
	raw, err := json.Marshal(scopes)
	return db.UpdateMembershipParams{TenantID: p.TenantID, UserID: now.ID, Role: string(role), TeamID: team, ViewScopes: raw, Now: tx.Now}, err
}

// EndMembership takes somebody out of the principal's tenant, inside the write of
// the area that hands over what they looked after; detail goes into the audit
// entry. Their sessions here end with it. The last owner stays.
func (s *Service) EndMembership(ctx context.Context, tx *change.Tx, p Principal, id uuid.UUID, version *int64, detail any) (Person, error) {
	owners, err := tx.Q.LockOwners(ctx, p.TenantID)
	if err != nil {
		return Person{}, fmt.Errorf("lock the owners: %w", err)
	}
	before, err := lockPerson(ctx, tx, p, id, version)
	if err != nil {
		return Person{}, err
	}
	if before.Role == Owner && len(owners) < 2 {
		return Person{}, apperr.New(apperr.BusinessRule, "%s is the last owner. A business needs one; hand it over first.", before.Name)
	}
	if err := tx.Q.DeleteMembership(ctx, db.DeleteMembershipParams{TenantID: p.TenantID, UserID: id}); err != nil {
		return Person{}, fmt.Errorf("delete the membership: %w", err)
	}
	return before, tx.Record(ctx, change.Event{Action: "user.remove", Entity: entityPerson, EntityID: id, Before: before, After: detail})
}

// lockPerson holds the membership for the rest of the transaction, provided that
// the principal may change it and saw this version.
func lockPerson(ctx context.Context, tx *change.Tx, p Principal, id uuid.UUID, version *int64) (Person, error) {
	_, err := tx.Q.LockMembership(ctx, db.LockMembershipParams{TenantID: p.TenantID, UserID: id})
	if err != nil && !db.IsNoRows(err) {
		return Person{}, fmt.Errorf("lock the membership: %w", err)
	}
	now, err := readPerson(ctx, tx.Q, p, id)
	if err != nil {
		return Person{}, err
	}
	if !now.Role.Within(p.Role) {
		return Person{}, apperr.New(apperr.NoPermission, "%s has a wider role than you. Only an owner may change that.", now.Name)
	}
	if version != nil && *version != now.Version {
		e := apperr.New(apperr.Conflict, "Somebody changed %s after you opened this page. Look at the current values and try again.", now.Name)
		e.Version = now.Version
		return Person{}, e
	}
	return now, nil
}

func readPerson(ctx context.Context, q *db.Queries, p Principal, id uuid.UUID) (Person, error) {
	row, err := q.GetPerson(ctx, db.GetPersonParams{TenantID: p.TenantID, UserID: id})
	if db.IsNoRows(err) {
		return Person{}, apperr.New(apperr.NotFound, "This person does not belong to the business.")
	}
	if err != nil {
		return Person{}, fmt.Errorf("read the person: %w", err)
	}
	return personFromRow(row)
}

func personFromRow(r db.GetPersonRow) (Person, error) {
	out := Person{
		ID: r.UserID, Name: r.Name, Email: r.Email, Role: Role(r.Role), TeamID: r.TeamID, Team: r.TeamName, ViewScopes: map[string]Scope{},
		LastLoginAt: r.LastLoginAt, Photo: r.Photo, Disabled: r.Disabled, Version: r.Version, JoinedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	if err := json.Unmarshal(r.ViewScopes, &out.ViewScopes); err != nil {
		return Person{}, fmt.Errorf("read the view scopes: %w", err)
	}
	return out, nil
}
