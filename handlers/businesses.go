package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/join"
	"payaid/views/layout"
	"payaid/views/welcome"
)

// businesses lists for the menu where else the person works. A page is not refused
// because this part of its frame is missing.
func (s *server) businesses(c *fiber.Ctx, p auth.Principal) []layout.Business {
	if respond.IsPartial(c) {
		return nil
	}
	if !p.Look.OtherHomes {
		return []layout.Business{{ID: p.TenantID.String(), Name: p.TenantName, RoleLabel: p.Role.Label(), Current: true}}
	}
	homes, err := s.Auth.Homes(c.UserContext(), p.UserID)
	if err != nil {
		s.Log.WarnContext(c.UserContext(), "businesses of a person not listed", "err", err)
		return nil
	}
	out := make([]layout.Business, len(homes))
	for i, h := range homes {
		out[i] = layout.Business{ID: h.TenantID.String(), Name: h.Name, RoleLabel: h.Role.Label(), Current: h.TenantID == p.TenantID}
	}
	return out
}

func (s *server) switchBusiness(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := uuid.Parse(c.FormValue("tenant"))
	if err != nil {
		return apperr.New(apperr.NotFound, "This business does not exist.")
	}
	in, err := s.Auth.Switch(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	return s.workIn(c, in, "/")
}

// workIn goes on in another business of somebody who is signed in, in a session
// with a new id.
func (s *server) workIn(c *fiber.Ctx, in auth.SignedIn, next string) error {
	if err := s.sessions.SignIn(c, in); err != nil {
		return err
	}
	return c.Redirect(next, fiber.StatusSeeOther)
}

func (s *server) newOwnBusiness(c *fiber.Ctx) error {
	return s.ownBusinessPage(c, welcome.BusinessForm{ID: uuid.Must(uuid.NewV7()).String()})
}

func (s *server) ownBusinessPage(c *fiber.Ctx, form welcome.BusinessForm) error {
	form.CSRF = mw.Token(c)
	return respond.Render(c, welcome.NewBusinessPage(s.frame(c, "New business", ""), form))
}

func (s *server) createOwnBusiness(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	form := welcome.BusinessForm{ID: c.FormValue("id"), Name: c.FormValue("name")}
	id, err := uuid.Parse(form.ID)
	if err != nil || id == uuid.Nil {
		return apperr.New(apperr.MissingField, "The form did not come from this page. Load it again and repeat what you did.")
	}
	if err := s.limits.NewBusiness(c); err != nil {
		return err
	}
	made, err := s.Join.AddBusiness(c.UserContext(), p, join.BusinessInput{ID: id, Name: form.Name})
	if err == nil {
		return s.workIn(c, made, "/welcome")
	}
	e := apperr.From(err)
	if !correctable(e) {
		return err
	}
	form.Errors = fieldErrors(e)
	return s.ownBusinessPage(c.Status(respond.Status(e.Code)), form)
}
