package auth

import (
	"slices"
	"strings"
)

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

	CompaniesRead   Right = "companies:read"
	CompaniesWrite  Right = "companies:write"
	CompaniesDelete Right = "companies:delete"
	CompaniesExport Right = "companies:export"

	DealsRead          Right = "deals:read"
	DealsWrite         Right = "deals:write"
	DealsDelete        Right = "deals:delete"
	DealsExport        Right = "deals:export"
	PipelinesConfigure Right = "pipelines:configure"

	ActivitiesRead   Right = "activities:read"
	ActivitiesWrite  Right = "activities:write"
	ActivitiesDelete Right = "activities:delete"
	ActivitiesExport Right = "activities:export"

	BusinessConfigure Right = "business:configure"
	BusinessDelete    Right = "business:delete"

	PeopleConfigure Right = "people:configure"
	TeamsConfigure  Right = "teams:configure"
	TagsConfigure   Right = "tags:configure"
	KeysConfigure   Right = "keys:configure"
	AuditRead       Right = "audit:read"
)

// Rights lists every right.
var Rights = []Right{
	ContactsRead, ContactsWrite, ContactsDelete, ContactsExport,
	CompaniesRead, CompaniesWrite, CompaniesDelete, CompaniesExport,
	DealsRead, DealsWrite, DealsDelete, DealsExport, PipelinesConfigure,
	ActivitiesRead, ActivitiesWrite, ActivitiesDelete, ActivitiesExport,
	BusinessConfigure, BusinessDelete,
	PeopleConfigure, TeamsConfigure, TagsConfigure, KeysConfigure, AuditRead,
}

// administration are the rights over the business as a whole, not over records.
var administration = []Right{PipelinesConfigure, BusinessConfigure, BusinessDelete, PeopleConfigure, TeamsConfigure, TagsConfigure, KeysConfigure, AuditRead}

// Scopes lists every scope, widest first.
var Scopes = []Scope{ScopeAll, ScopeTeam, ScopeOwn, ScopeNone}

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
// in the end of the business only: an owner hands it over or closes it.
var grants = map[Role]grant{
	Owner:   {read: ScopeAll, write: ScopeAll},
	Admin:   {without: []Right{BusinessDelete}, read: ScopeAll, write: ScopeAll},
	Manager: {without: administration, read: ScopeAll, write: ScopeTeam},
	Member:  {without: append([]Right{ContactsExport, CompaniesExport, DealsExport, ActivitiesExport}, administration...), read: ScopeTeam, write: ScopeOwn},
}

// Has reports whether the role carries the right.
func (r Role) Has(right Right) bool {
	g, known := grants[r]
	return known && slices.Contains(Rights, right) && !slices.Contains(g.without, right)
}

// Reach tells how far the right goes in the hands of the role: ScopeNone where
// the role lacks it, ScopeAll for what concerns the business as a whole.
func (r Role) Reach(right Right) Scope {
	switch {
	case !r.Has(right):
		return ScopeNone
	case slices.Contains(administration, right):
		return ScopeAll
	case strings.HasSuffix(string(right), ":write"), strings.HasSuffix(string(right), ":delete"):
		return grants[r].write
	}
	return grants[r].read
}

// Within reports whether r is other or a narrower role.
func (r Role) Within(other Role) bool {
	mine, theirs := slices.Index(Roles, r), slices.Index(Roles, other)
	return theirs >= 0 && mine >= theirs
}

// Label says what the right allows.
func (r Right) Label() string {
	switch r {
	case ContactsRead:
		return "See contacts"
	case ContactsWrite:
		return "Add, change and import contacts"
	case ContactsDelete:
		return "Delete and restore contacts"
	case ContactsExport:
		return "Export contacts"
	case CompaniesRead:
		return "See companies"
	case CompaniesWrite:
		return "Add and change companies"
	case CompaniesDelete:
		return "Delete and restore companies"
	case CompaniesExport:
		return "Export companies"
	case DealsRead:
		return "See deals"
	case DealsWrite:
		return "Add, change and move deals"
	case DealsDelete:
		return "Delete and restore deals"
	case DealsExport:
		return "Export deals"
	case PipelinesConfigure:
		return "Change pipelines and their stages"
	case ActivitiesRead:
		return "See the timeline of the records one sees"
	case ActivitiesWrite:
		return "Log activities, comment, and change one's own"
	case ActivitiesDelete:
		return "Delete and restore one's own activities"
	case ActivitiesExport:
		return "Export activities"
	case BusinessConfigure:
		return "Change the business's own data"
	case BusinessDelete:
		return "Hand over or close the business"
	case PeopleConfigure:
		return "Manage people and their roles"
	case TeamsConfigure:
		return "Manage teams"
	case TagsConfigure:
		return "Rename, colour, merge and delete tags"
	case KeysConfigure:
		return "Manage API keys"
	case AuditRead:
		return "Read the audit log"
	}
	return string(r)
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
