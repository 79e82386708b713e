package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/api"
	"payaid/handlers/mw"
	"payaid/internal/auth"
)

// routes names every page. Each service method checks its right again; here it
// keeps people from pages whose use would be refused.
func (s *server) routes(app *fiber.App) {
	// for machines
	app.Get("/healthz", s.healthz)
	app.Get("/readyz", s.readyz)
	app.Get("/api/health", s.readyz)
	app.Get("/static/*", s.staticFile)
	app.Get("/favicon.ico", s.favicon)
	app.Get("/robots.txt", s.robots)

	app.Use(mw.Timeout(requestTimeout), mw.Private, s.sessions.Identify, s.csrf.Bind, s.limits.Requests)
	small, upload := mw.BodyLimit(smallBody), mw.BodyLimit(uploadBody)

	// public
	app.Get("/", s.home)
	app.Get("/login", s.csrf.Greet, s.showSignIn)
	app.Post("/login", small, s.csrf.Protect, s.signIn)

	// signed in
	app.Post("/logout", mw.RequirePerson, small, s.csrf.Protect, s.signOut)

	see := func(right auth.Right, show fiber.Handler) []fiber.Handler {
		return []fiber.Handler{mw.RequirePerson, mw.RequireRight(right), show}
	}
	act := func(right auth.Right, limit, do fiber.Handler) []fiber.Handler {
		return []fiber.Handler{mw.RequirePerson, mw.RequireRight(right), limit, s.csrf.Protect, do}
	}
	app.Get("/contacts", see(auth.ContactsRead, s.listContacts)...)
	app.Get("/contacts/new", see(auth.ContactsWrite, s.newContact)...)
	app.Get("/contacts/export.csv", see(auth.ContactsExport, s.exportContacts)...)
	app.Get("/contacts/companies", see(auth.ContactsRead, s.suggestCompanies)...)
	app.Post("/contacts", act(auth.ContactsWrite, small, s.createContact)...)
	app.Get("/contacts/:id", see(auth.ContactsRead, s.showContact)...)
	app.Get("/contacts/:id/edit", see(auth.ContactsWrite, s.editContact)...)
	app.Post("/contacts/:id", act(auth.ContactsWrite, small, s.updateContact)...)
	app.Post("/contacts/:id/delete", act(auth.ContactsDelete, small, s.deleteContact)...)
	app.Post("/contacts/:id/restore", act(auth.ContactsDelete, small, s.restoreContact)...)

	app.Get("/imports", see(auth.ContactsWrite, s.listImports)...)
	app.Get("/imports/new", see(auth.ContactsWrite, s.newImport)...)
	app.Get("/imports/sample.csv", see(auth.ContactsWrite, s.sampleImport)...)
	app.Post("/imports", act(auth.ContactsWrite, upload, s.createImport)...)
	app.Get("/imports/:id", see(auth.ContactsWrite, s.showImport)...)
	app.Get("/imports/:id/events", see(auth.ContactsWrite, s.followImport)...)

	// for programs
	app.Get("/api/docs", s.showReference)
	bounded := func(c *fiber.Ctx) error {
		if c.Path() == api.UploadPath {
			return upload(c)
		}
		return small(c)
	}
	app.Use(api.Prefix, mw.RequireSignIn, bounded, s.csrf.Protect)
	api.Register(app, api.Deps{CRM: s.CRM, BaseURL: s.BaseURL, Stream: s.stream})
}
