package handlers

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/errors"
	"payaid/views/layout"
	"payaid/views/ui"
)

// frame returns what the frame of a page shows to whoever asks. active is the key
// of the menu item.
func (s *server) frame(c *fiber.Ctx, title, active string) layout.Props {
	f := layout.Props{Title: title, Active: active, CSRF: mw.Token(c), Asset: s.Static.URL}
	p, ok := mw.Principal(c)
	if !ok || p.IsKey() {
		return f
	}
	f.Viewer = layout.Viewer{Name: p.Name, Email: p.Email, RoleLabel: p.Role.Label(), TenantName: p.TenantName, PlatformAdmin: p.PlatformAdmin,
		Businesses: s.businesses(c, p), NewBusiness: s.SignUp, FirstSteps: crm.MayLoadSamples(p),
		Theme: p.Look.Theme, SingleKeys: p.Look.SingleKeys, Photo: ui.PhotoURL(p.UserID.String(), p.Look.Photo), Logo: ui.LogoURL(p.Look.Logo), Identity: identity(p)}
	f.Nav, f.Create = menu(p), creatable(p)
	if p.PlatformAdmin && strings.HasPrefix(active, "admin-") {
		f.Alarms = s.backupAlarms(c, p)
	}
	if title != "" { // the page of an error asks for nothing more
		f.Unread = p.Look.Unread
	}
	return f
}

// menu lists the pages that exist and that the principal may open.
func menu(p auth.Principal) []layout.NavGroup {
	var items []layout.NavItem
	if p.Can(auth.ContactsRead) {
		items = append(items, layout.NavItem{Key: "contacts", Label: "Contacts", Href: "/contacts", Icon: ui.IconUsers, Keys: "g c"})
	}
	if p.Can(auth.CompaniesRead) {
		items = append(items, layout.NavItem{Key: "companies", Label: "Companies", Href: "/companies", Icon: ui.IconBuilding2, Keys: "g o"})
	}
	if p.Can(auth.DealsRead) {
		items = append(items, layout.NavItem{Key: "deals", Label: "Deals", Href: "/deals", Icon: ui.IconHandshake, Keys: "g p"})
	}
	if p.Can(auth.ActivitiesRead) {
		items = append(items, layout.NavItem{Key: "activities", Label: "Activities", Href: "/activities", Icon: ui.IconHistory, Keys: "g a"})
	}
	if len(crm.ImportEntities(p)) > 0 {
		items = append(items, layout.NavItem{Key: "imports", Label: "Imports", Href: "/imports", Icon: ui.IconUpload, Keys: "g i"})
	}
	items = append(items, layout.NavItem{Key: "settings", Label: "Settings", Href: "/settings", Icon: ui.IconSettings, Keys: "g s"})
	groups := []layout.NavGroup{{Items: items}}
	if p.PlatformAdmin {
		groups = append(groups, layout.NavGroup{Label: "Administration", Items: []layout.NavItem{
			{Key: "admin-tenants", Label: "Businesses", Href: "/admin/tenants", Icon: ui.IconBuilding2},
			{Key: "admin-jobs", Label: "Background jobs", Href: "/admin/jobs", Icon: ui.IconListChecks, Keys: "g j"},
			{Key: "admin-backups", Label: "Backups", Href: "/admin/backups", Icon: ui.IconShield},
			{Key: "admin-cache", Label: "Cache", Href: "/admin/cache", Icon: ui.IconDatabase},
			{Key: "admin-mail", Label: "Mail", Href: "/admin/mail", Icon: ui.IconMail},
			{Key: "admin-audit", Label: "Audit log", Href: "/admin/audit", Icon: ui.IconScrollText},
		}})
	}
	return groups
}

// show answers with the part when htmx asked for one, else with the whole page.
func show(c *fiber.Ctx, page, part templ.Component) error {
	if respond.IsPartial(c) {
		return respond.Render(c, part)
	}
	return respond.Render(c, page)
}

func (s *server) errorPage(c *fiber.Ctx, p respond.Problem) templ.Component {
	return errors.Page(s.frame(c, "", ""), unsent(c, p, problem(p)))
}

func errorToast(p respond.Problem) templ.Component { return errors.Toast(problem(p)) }

// problem keeps the area's sentence for what the user can do something about.
func problem(p respond.Problem) errors.Props {
	props := errors.Props{Status: p.Status, RequestID: p.RequestID}
	if p.Status < fiber.StatusInternalServerError && p.Status != fiber.StatusNotFound || p.Status == fiber.StatusServiceUnavailable {
		props.Message = p.Message
	}
	return props
}

// leaveTo leads to another page after a write.
func leaveTo(c *fiber.Ctx, path string) error {
	if respond.IsPartial(c) {
		c.Set("HX-Redirect", path)
		return c.SendStatus(fiber.StatusOK)
	}
	return c.Redirect(path, fiber.StatusSeeOther)
}

// pushURL puts the canonical address of what a part shows into the address bar,
// unless it stands there already.
func pushURL(c *fiber.Ctx, canonical string) {
	if !respond.IsPartial(c) {
		return
	}
	if current, err := url.Parse(c.Get("HX-Current-URL")); err == nil && current.RequestURI() == canonical {
		canonical = "false"
	}
	c.Set("HX-Push-Url", canonical)
}
