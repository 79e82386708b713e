package auth

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/change"
)

// The entities whose view scope a membership may narrow or widen.
const (
	Contacts  = "contacts"
	Companies = "companies"
	Deals     = "deals"
)

// Activities are in nobody's view scope: who sees the record that one hangs on sees
// it. Who may change one is decided by its author, as by the owner elsewhere.
const Activities = "activities"

// Scoped lists the entities that have a view scope.
var Scoped = []string{Contacts, Companies, Deals}

// Principal is who asks, in which tenant, with which rights. It is made by this
// package from a session or an API key and passed on as an argument, never in a
// context.
type Principal struct {
	TenantID   uuid.UUID
	TenantName string
	TenantSlug string
	TimeZone   string // IANA name

	UserID        uuid.UUID // uuid.Nil for an API key
	KeyID         uuid.UUID // uuid.Nil for a person
	Name          string
	Email         string // "" for an API key
	Role          Role
	TeamID        *uuid.UUID
	PlatformAdmin bool

	// SecondFactorMissing says that the tenant wants everybody to have a second factor
	// and the person has none: until then they may set one up and nothing else.
	SecondFactorMissing bool

	// Look is how pages look to a person; the zero value for an API key.
	Look Look

	// Request tells how the request came in; the zero value inside jobs.
	Request Request

	keyScopes  []Right // of an API key; empty means all that the role has
	viewScopes map[string]Scope
}

// Look is what every page shows or heeds of a person and the tenant.
type Look struct {
	Theme      string // ThemeLight, ThemeDark or ThemeSystem
	SingleKeys bool   // shortcuts of one key work
	Photo      string // SHA-256 of the person's photo; "" for none
	Logo       string // SHA-256 of the tenant's logo; "" for none
	OtherHomes bool   // the person belongs to other tenants, too
	Unread     int    // notifications that the person has not read, at most notify.MaxUnread
}

// Request is what the audit log and idempotency need to know of a request.
type Request struct {
	ID             string
	IP             string
	IdempotencyKey string
}

// Can reports whether the principal carries the right.
func (p Principal) Can(right Right) bool {
	if !p.Role.Has(right) {
		return false
	}
	return len(p.keyScopes) == 0 || slices.Contains(p.keyScopes, right)
}

// Require returns a NoPermission error unless the principal carries the right.
func (p Principal) Require(right Right) error {
	if p.Can(right) {
		return nil
	}
	return apperr.New(apperr.NoPermission, "You do not have the right to do this (%s). Ask an administrator of %s.", right, p.TenantName)
}

// ReadScope tells which records of the entity the principal sees. An API key
// belongs to the business and sees all of it.
func (p Principal) ReadScope(entity string) Scope {
	if p.IsKey() {
		return ScopeAll
	}
	if s, ok := p.viewScopes[entity]; ok {
		return s
	}
	return grants[p.Role].read
}

// WriteScope tells which records of the entity the principal may change.
func (p Principal) WriteScope() Scope {
	if p.IsKey() {
		return ScopeAll
	}
	return grants[p.Role].write
}

// Sees reports whether a record of the entity with this owner is in the
// principal's read scope. ownerTeam is the owner's team, nil when none.
func (p Principal) Sees(entity string, owner, ownerTeam *uuid.UUID) bool {
	return p.within(p.ReadScope(entity), owner, ownerTeam)
}

// MayChange reports whether a record of the entity with this owner may be
// changed by the principal, which has to see it first.
func (p Principal) MayChange(entity string, owner, ownerTeam *uuid.UUID) bool {
	return p.Sees(entity, owner, ownerTeam) && p.within(p.WriteScope(), owner, ownerTeam)
}

func (p Principal) within(s Scope, owner, ownerTeam *uuid.UUID) bool {
	switch s {
	case ScopeAll:
		return true
	case ScopeTeam:
		return p.owns(owner) || (p.TeamID != nil && ownerTeam != nil && owner != nil && *ownerTeam == *p.TeamID)
	case ScopeOwn:
		return p.owns(owner)
	}
	return false
}

func (p Principal) owns(owner *uuid.UUID) bool {
	return owner != nil && p.UserID != uuid.Nil && *owner == p.UserID
}

// IsKey reports whether an API key asks rather than a person.
func (p Principal) IsKey() bool { return p.KeyID != uuid.Nil }

// User returns the person's id, or nil for an API key.
func (p Principal) User() *uuid.UUID {
	if p.UserID == uuid.Nil {
		return nil
	}
	return &p.UserID
}

// Actor returns the principal as the audit log and idempotency know it.
func (p Principal) Actor() change.Actor {
	a := change.Actor{
		TenantID: p.TenantID, ID: p.UserID, Kind: change.ActorUser, Name: p.Name,
		IP: p.Request.IP, RequestID: p.Request.ID, IdempotencyKey: p.Request.IdempotencyKey,
	}
	if p.IsKey() {
		a.ID, a.Kind = p.KeyID, change.ActorAPIKey
	}
	return a
}

// Location returns the tenant's time zone, India's when it is unknown here.
func (p Principal) Location() *time.Location {
	if loc, err := time.LoadLocation(p.TimeZone); err == nil && p.TimeZone != "" {
		return loc
	}
	return time.FixedZone("IST", 5*3600+1800)
}
