package auth

import "slices"

// Role is what a person or an API key may be inside a tenant.
type Role string

// The roles, from the widest to the narrowest.
const (
	Owner   Role = "owner"
	Admin   Role = "admin"
	Manager Role = "manager"
	Member  Role = "member"
)

// Roles lists every role, widest first.
var Roles = []Role{Owner, Admin, Manager, Member}

// Right is one thing a principal may do: entity:verb.
type Right string

// The rights that exist.
const (
	ContactsRead   Right = "contacts:read"
	ContactsWrite  Right = "contacts:write"
	ContactsDelete Right = "contacts:delete"
	ContactsExport Right = "contacts:export"
)

// Rights lists every right.
var Rights = []Right{ContactsRead, ContactsWrite, ContactsDelete, ContactsExport}

// Scope is how far a right reaches over the records of an entity.
type Scope string

// The scopes. A record without an owner is in reach of ScopeAll only.
const (
	ScopeNone Scope = "none"
	ScopeOwn  Scope = "own"
	ScopeTeam Scope = "team" // the own records and those of the people in one's team
	ScopeAll  Scope = "all"
)

// grant is what a role may do: the rights it lacks, and how far reading and
// writing reach.
type grant struct {
	without     []Right
	read, write Scope
}

// grants is the matrix of roles (docs: roles and rights). Owner and admin differ
// in the business itself only, which has no right of its own yet.
var grants = map[Role]grant{
	Owner:   {read: ScopeAll, write: ScopeAll},
	Admin:   {read: ScopeAll, write: ScopeAll},
	Manager: {read: ScopeAll, write: ScopeTeam},
	Member:  {without: []Right{ContactsExport}, read: ScopeTeam, write: ScopeOwn},
}

// Has reports whether the role carries the right.
func (r Role) Has(right Right) bool {
	g, known := grants[r]
	return known && slices.Contains(Rights, right) && !slices.Contains(g.without, right)
}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { _, ok := grants[r]; return ok }

// Label is the role as people read it.
func (r Role) Label() string {
	switch r {
	case Owner:
		return "Owner"
	case Admin:
		return "Administrator"
	case Manager:
		return "Manager"
	case Member:
		return "Member"
	}
	return string(r)
}
