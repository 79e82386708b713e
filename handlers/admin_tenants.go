package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/platform"
	"payaid/internal/tenant"
	"payaid/views/admin"
)

func (s *server) listBusinesses(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	f := platform.BusinessFilter{Query: c.Query("q"), After: c.Query("after"), Before: c.Query("before")}
	page, err := s.Platform.Businesses(c.UserContext(), p, f)
	if err != nil {
		return err
	}
	props := admin.BusinessesProps{Filter: f, Page: page, CSRF: mw.Token(c), Own: p.TenantID, Now: s.Now()}
	pushURL(c, admin.BusinessesURL(f))
	return show(c, admin.BusinessesPage(s.frame(c, "Businesses", "admin-tenants"), props), admin.BusinessesResults(props))
}

func (s *server) newBusiness(c *fiber.Ctx) error {
	return s.showBusinessForm(c, admin.BusinessForm{})
}

func (s *server) showBusinessForm(c *fiber.Ctx, form admin.BusinessForm) error {
	form.CSRF = mw.Token(c)
	return respond.Render(c, admin.BusinessFormPage(s.frame(c, "New business", "admin-tenants"), form))
}

// createBusiness answers the page with the owner's password itself: behind a
// redirect the password would have to be kept somewhere.
func (s *server) createBusiness(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	in := platform.BusinessInput{Name: c.FormValue("name"), Slug: c.FormValue("slug"), OwnerEmail: c.FormValue("ownerEmail")}
	made, err := s.Platform.CreateBusiness(c.UserContext(), p, in)
	if err == nil {
		c.Set(fiber.HeaderCacheControl, "no-store")
		return respond.Render(c, admin.BusinessCreatedPage(s.frame(c, "Business made", "admin-tenants"), made, s.BaseURL))
	}
	e := apperr.From(err)
	if e.Code != apperr.Validation && e.Code != apperr.AlreadyExists {
		return err
	}
	form := admin.BusinessForm{BusinessInput: in, Errors: fieldErrors(e)}
	return s.showBusinessForm(c.Status(respond.Status(e.Code)), form)
}

func (s *server) suspendBusiness(c *fiber.Ctx) error { return s.setBusinessStatus(c, tenant.Suspended) }

func (s *server) resumeBusiness(c *fiber.Ctx) error { return s.setBusinessStatus(c, tenant.Active) }

func (s *server) setBusinessStatus(c *fiber.Ctx, status string) error {
	p, _ := mw.Principal(c)
	id, err := uuid.Parse(c.Params("tenant"))
	if err != nil {
		return apperr.New(apperr.NotFound, "This business does not exist.")
	}
	if err := s.Platform.SetBusinessStatus(c.UserContext(), p, id, status); err != nil {
		return err
	}
	return leaveTo(c, "/admin/tenants")
}

func (s *server) listInstallationAudit(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	page, err := s.Platform.Audit(c.UserContext(), p, c.Query("cursor"))
	if err != nil {
		return err
	}
	props := admin.AuditProps{Page: page, First: c.Query("cursor") == ""}
	return show(c, admin.AuditPage(s.frame(c, "Audit log", "admin-audit"), props), admin.AuditResults(props))
}
