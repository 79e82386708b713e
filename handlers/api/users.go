package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/auth"
)

const usersTag = "People"

// User is a person of the business as programs see them.
type User struct {
	ID          uuid.UUID         `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46"`
	Name        string            `json:"name" example:"Meera Iyer"`
	Email       string            `json:"email" example:"meera@example.in"`
	Role        string            `json:"role" enum:"owner,admin,manager,member" example:"member"`
	TeamID      *uuid.UUID        `json:"teamId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47"`
	Team        string            `json:"team" example:"Sales" doc:"Empty when the person is in no team"`
	ViewScopes  map[string]string `json:"viewScopes" doc:"What the person sees, per entity, where that differs from the role: own, team, all or none" example:"{\"contacts\":\"own\"}"`
	Disabled    bool              `json:"disabled" example:"false" doc:"True when the account as a whole may not sign in"`
	LastLoginAt *time.Time        `json:"lastLoginAt" example:"2026-11-22T06:30:00Z"`
	JoinedAt    time.Time         `json:"joinedAt" example:"2026-11-22T06:30:00Z"`
	UpdatedAt   time.Time         `json:"updatedAt" example:"2026-11-22T06:30:00Z"`
	Version     int64             `json:"version" example:"1" doc:"Grows with each change; the same as in ETag"`
}

func userOf(p auth.Person) User {
	out := User{
		ID: p.ID, Name: p.Name, Email: p.Email, Role: string(p.Role), TeamID: p.TeamID, Team: p.Team, ViewScopes: map[string]string{}, Disabled: p.Disabled,
		LastLoginAt: utc(p.LastLoginAt), JoinedAt: p.JoinedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(), Version: p.Version,
	}
	for entity, scope := range p.ViewScopes {
		out.ViewScopes[entity] = string(scope)
	}
	return out
}

// UserFields are what a program may change about a person.
type UserFields struct {
	Role       Optional[string]            `json:"role" required:"false" nullable:"false" enum:"admin,manager,member" example:"manager" doc:"Not wider than your own. An owner's role cannot be changed"`
	TeamID     Optional[uuid.UUID]         `json:"teamId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47" doc:"null takes the person out of the team"`
	ViewScopes Optional[map[string]string] `json:"viewScopes" required:"false" example:"{\"contacts\":\"own\"}" doc:"Entities that change: own, team, all or none, or empty to follow the role again. Entities that are not sent stay"`
}

func (f *UserFields) patch() auth.PersonPatch {
	patch := auth.PersonPatch{TeamID: f.TeamID.pointer()}
	if f.Role.Sent {
		role := auth.Role(f.Role.Value)
		patch.Role = &role
	}
	if len(f.ViewScopes.Value) > 0 {
		patch.ViewScopes = map[string]auth.Scope{}
		for entity, scope := range f.ViewScopes.Value {
			patch.ViewScopes[entity] = auth.Scope(scope)
		}
	}
	return patch
}

// UserPath is the part of an input that names a person.
type UserPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The person's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46"`
}

type listUsersInput struct {
	Reader
	Paging
}

type getUserInput struct {
	Reader
	UserPath
}

type updateUserInput struct {
	Change
	UserPath
	Body UserFields
}

type removeUserInput struct {
	Change
	UserPath
	SuccessorID string `query:"successorId" format:"uuid" doc:"Who looks after the person's contacts and companies from now on; nobody when left out" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c48"`
}

func (o *operations) users(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/users", "list-users", usersTag, "List people",
		`One page of the people of the business, by name.`), o.listUsers)
	huma.Register(api, operation(fiber.MethodGet, "/users/{id}", "get-user", usersTag, "Read a person",
		`One person of the business.`, 404), o.getUser)
	huma.Register(api, operation(fiber.MethodPatch, "/users/{id}", "update-user", usersTag, "Change a person",
		`Changes role, team and what the person sees. Fields that are not sent stay.`, 400, 404, 412, 415), o.updateUser)
	huma.Register(api, operation(fiber.MethodDelete, "/users/{id}", "remove-user", usersTag, "Remove a person from the business",
		`Ends the membership and with it the person's sessions here; the account stays. The last owner cannot be removed. The answer is the person as they were.`, 404, 412), o.removeUser)
}

func (o *operations) listUsers(ctx context.Context, in *listUsersInput) (*listAnswer[User], error) {
	page, err := o.Auth.People(ctx, in.principal, auth.PageRequest{Cursor: in.Cursor, Limit: in.size()})
	if err != nil {
		return nil, err
	}
	meta := Meta{Limit: in.Limit, NextCursor: cursor(page.Next), PrevCursor: cursor(page.Prev)}
	return &listAnswer[User]{Body: List[User]{Data: each(page.People, userOf), Meta: meta}}, nil
}

func (o *operations) getUser(ctx context.Context, in *getUserInput) (*recordAnswer[User], error) {
	return userAnswer(o.Auth.Person(ctx, in.principal, in.ID))
}

func (o *operations) updateUser(ctx context.Context, in *updateUserInput) (*recordAnswer[User], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return userAnswer(o.Auth.UpdatePerson(ctx, in.principal, in.ID, in.Body.patch(), version))
}

func (o *operations) removeUser(ctx context.Context, in *removeUserInput) (*recordAnswer[User], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	heir, err := optionalID(in.SuccessorID, "successorId")
	if err != nil {
		return nil, err
	}
	return userAnswer(o.CRM.RemoveMember(ctx, in.principal, in.ID, heir, version))
}

func userAnswer(p auth.Person, err error) (*recordAnswer[User], error) {
	if err != nil {
		return nil, err
	}
	return recordOf(userOf(p), p.Version), nil
}
