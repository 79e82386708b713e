package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/record"
	"payaid/views/ui"
)

// mayGive reports whether the principal may choose among owners.
func mayGive(p auth.Principal) bool {
	scope := p.WriteScope()
	return scope == auth.ScopeAll || scope == auth.ScopeTeam
}

// ownerOptions lists who may be given a record; nobody to choose from where the
// principal keeps its own.
func (s *server) ownerOptions(c *fiber.Ctx, p auth.Principal, exists bool) ([]ui.Option, error) {
	if !mayGive(p) {
		return nil, nil
	}
	colleagues, err := s.Auth.Colleagues(c.UserContext(), p)
	if err != nil {
		return nil, err
	}
	var out []ui.Option
	if exists && p.WriteScope() == auth.ScopeAll {
		out = append(out, ui.Option{Value: ui.NoOwner, Label: "Nobody"})
	}
	for _, colleague := range colleagues {
		out = append(out, ui.Option{Value: colleague.UserID.String(), Label: colleague.Name})
	}
	return out, nil
}

// formOwner reads the owner's field: nil leaves the owner to the area, uuid.Nil is
// nobody.
func formOwner(value string) (*uuid.UUID, error) {
	switch value {
	case "":
		return nil, nil
	case ui.NoOwner:
		return new(uuid.UUID), nil
	}
	id, err := uuid.Parse(value)
	if err != nil {
		var f apperr.Fields
		f.Add("ownerId", "Choose a person from the list.")
		return nil, f.Err()
	}
	return &id, nil
}

// typedOwner is formOwner among the other fields of a form.
func typedOwner(v record.Values, bad *apperr.Fields) *uuid.UUID {
	owner, err := formOwner(v["ownerId"])
	if err != nil {
		bad.Add("ownerId", apperr.From(err).Field("ownerId"))
	}
	return owner
}
