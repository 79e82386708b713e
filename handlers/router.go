package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

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
	app.Get("/metrics", mw.Unproxied, adaptor.HTTPHandler(s.Metrics.Handler()))
	app.Get("/static/*", s.staticFile)
	app.Get("/favicon.ico", s.favicon)
	app.Get("/robots.txt", s.robots)

	app.Use(mw.Timeout(requestTimeout), mw.Private, s.together, s.sessions.Identify, s.csrf.Bind, s.limits.Requests, secondFactorFirst)
	small, upload := mw.BodyLimit(smallBody), mw.BodyLimit(uploadBody)

	// public
	app.Get("/", s.home)
	app.Get("/login", s.csrf.Greet, s.showSignIn)
	app.Post("/login", small, s.csrf.Protect, s.signIn)
	app.Get("/login/oidc", s.csrf.Greet, s.beginFederated)
	app.Get("/login/oidc/callback", s.csrf.Greet, s.finishFederated)
	s.secondFactorRoutes(app, small)
	app.Get(againPath, s.csrf.Greet, s.showSignInAgain)
	app.Post(againPath, small, s.csrf.Protect, s.signInAgain)
	app.Get("/password/forgot", s.csrf.Greet, s.showForgotPassword)
	app.Post("/password/forgot", small, s.csrf.Protect, s.forgotPassword)
	app.Get("/password/reset", s.csrf.Greet, s.showResetPassword)
	app.Post("/password/reset", small, s.csrf.Protect, s.resetPassword)

	app.Get("/signup", s.requireSignUp, s.csrf.Greet, s.showSignUp)
	app.Post("/signup", s.requireSignUp, small, s.csrf.Protect, s.signUp)
	app.Get("/signup/finish", s.requireSignUp, s.csrf.Greet, s.showFinishSignUp)
	app.Post("/signup/finish", s.requireSignUp, small, s.csrf.Protect, s.finishSignUp)
	app.Get("/invitations/accept", s.csrf.Greet, s.showInvitation)
	app.Post("/invitations/accept", small, s.csrf.Protect, s.acceptInvitation)

	app.Get("/closed", s.showClosed)

	// signed in
	app.Post("/logout", mw.RequirePerson, small, s.csrf.Protect, s.signOut)
	app.Get("/search", mw.RequirePerson, s.search)
	app.Get("/notifications", mw.RequirePerson, s.listNotifications)
	app.Get("/notifications/unread", mw.RequirePerson, s.showUnread)
	app.Post("/notifications/read", mw.RequirePerson, small, s.csrf.Protect, s.readNotifications)
	app.Post("/notifications/:id/open", mw.RequirePerson, small, s.csrf.Protect, s.openNotification)
	app.Get("/settings", mw.RequirePerson, s.showSettings)
	app.Get("/settings/profile", mw.RequirePerson, s.showProfile)
	app.Post("/settings/profile", mw.RequirePerson, small, s.csrf.Protect, s.updateProfile)
	app.Post("/settings/profile/photo", mw.RequirePerson, mw.BodyLimit(photoBody), s.csrf.Protect, s.setPhoto)
	app.Post("/settings/profile/photo/remove", mw.RequirePerson, small, s.csrf.Protect, s.removePhoto)
	app.Post("/settings/appearance", mw.RequirePerson, small, s.csrf.Protect, s.setAppearance)
	app.Get("/photos/:user/:sha256", mw.RequirePerson, s.showPhoto)
	app.Get("/settings/password", mw.RequirePerson, s.showPassword)
	app.Post("/settings/password", mw.RequirePerson, small, s.csrf.Protect, s.changePassword)
	s.securityRoutes(app, small)
	s.ruleRoutes(app, small)

	app.Get("/tenants/new", mw.RequirePerson, s.requireSignUp, s.newOwnBusiness)
	app.Post("/tenants", mw.RequirePerson, s.requireSignUp, small, s.csrf.Protect, s.createOwnBusiness)
	app.Post("/tenants/switch", mw.RequirePerson, small, s.csrf.Protect, s.switchBusiness)
	app.Get("/welcome", mw.RequirePerson, s.showWelcome)

	see := func(right auth.Right, show fiber.Handler) []fiber.Handler {
		return []fiber.Handler{mw.RequirePerson, mw.RequireRight(right), show}
	}
	act := func(right auth.Right, limit, do fiber.Handler) []fiber.Handler {
		return []fiber.Handler{mw.RequirePerson, mw.RequireRight(right), limit, s.csrf.Protect, do}
	}
	shared := func(l listed, read auth.Right) {
		app.Get(l.Path+"/filter", see(read, s.newFilter(l))...)
		app.Get(l.Path+"/views/new", see(read, s.newView(l))...)
		app.Post(l.Path+"/views", act(read, small, s.createView(l))...)
		app.Post(l.Path+"/views/:id", act(read, small, s.updateView(l))...)
		app.Post(l.Path+"/views/:id/default", act(read, small, s.setDefaultView(l))...)
		app.Post(l.Path+"/views/:id/delete", act(read, small, s.deleteView(l))...)
		app.Post(l.Path+"/settings", act(read, small, s.setList(l))...)
	}
	shared(contactList, auth.ContactsRead)
	app.Get("/contacts", see(auth.ContactsRead, s.listContacts)...)
	app.Get("/contacts/export.csv", see(auth.ContactsExport, s.exportContacts)...)
	app.Post("/contacts/export.csv", act(auth.ContactsExport, small, s.exportSelected(contactList, s.exportSelectedContacts))...)
	app.Post("/contacts/bulk", act(auth.ContactsWrite, small, s.changeSelected(contactList))...)
	app.Get("/contacts/companies", see(auth.ContactsRead, s.suggestCompanies)...)
	s.contactPages().routes(app, see, act)

	shared(companyList, auth.CompaniesRead)
	app.Get("/companies", see(auth.CompaniesRead, s.listCompanies)...)
	app.Get("/companies/export.csv", see(auth.CompaniesExport, s.exportCompanies)...)
	app.Post("/companies/export.csv", act(auth.CompaniesExport, small, s.exportSelected(companyList, s.exportSelectedCompanies))...)
	app.Post("/companies/bulk", act(auth.CompaniesWrite, small, s.changeSelected(companyList))...)
	app.Get("/companies/names", see(auth.CompaniesRead, s.suggestCompanies)...)
	s.companyPages().routes(app, see, act)

	app.Get("/contacts/:id/timeline", see(auth.ActivitiesRead, s.contactTimeline)...)
	app.Get("/companies/:id/timeline", see(auth.ActivitiesRead, s.companyTimeline)...)

	app.Get("/deals", see(auth.DealsRead, s.showBoard)...)
	app.Get("/deals/new", see(auth.DealsWrite, s.newDeal)...)
	app.Post("/deals", act(auth.DealsWrite, small, s.createDeal)...)
	app.Get("/deals/:id", see(auth.DealsRead, s.showDeal)...)
	app.Get("/deals/:id/edit", see(auth.DealsWrite, s.editDeal)...)
	app.Post("/deals/:id", act(auth.DealsWrite, small, s.updateDeal)...)
	app.Post("/deals/:id/move", act(auth.DealsWrite, small, s.moveDeal)...)
	app.Post("/deals/:id/delete", act(auth.DealsDelete, small, s.deleteDeal)...)
	app.Post("/deals/:id/restore", act(auth.DealsDelete, small, s.restoreDeal)...)

	shared(activityList, auth.ActivitiesRead)
	app.Get("/activities", see(auth.ActivitiesRead, s.listActivities)...)
	app.Get("/activities/export.csv", see(auth.ActivitiesExport, s.exportActivities)...)
	app.Post("/activities", act(auth.ActivitiesWrite, small, s.logActivity)...)
	app.Get("/activities/:id", see(auth.ActivitiesRead, s.showActivity)...)
	app.Get("/activities/:id/edit", see(auth.ActivitiesWrite, s.editActivity)...)
	app.Post("/activities/:id", act(auth.ActivitiesWrite, small, s.updateActivity)...)
	app.Post("/activities/:id/delete", act(auth.ActivitiesDelete, small, s.deleteActivity)...)
	app.Post("/activities/:id/restore", act(auth.ActivitiesDelete, small, s.restoreActivity)...)
	app.Post("/activities/:id/comments", act(auth.ActivitiesWrite, small, s.commentActivity)...)
	app.Post("/activities/:id/comments/:comment/delete", act(auth.ActivitiesWrite, small, s.deleteComment)...)

	// What a run needs depends on its records and its action: the service asks for it.
	app.Get("/bulk/:id", mw.RequirePerson, s.showBulk)
	app.Get("/bulk/:id/events", mw.RequirePerson, s.followBulk)
	app.Post("/bulk/:id/undo", mw.RequirePerson, small, s.csrf.Protect, s.undoBulk)

	app.Post("/welcome/samples", act(auth.ContactsWrite, small, s.loadSamples)...)
	app.Post("/welcome/samples/remove", act(auth.ContactsDelete, small, s.removeSamples)...)

	// What an import needs depends on its records: the service asks for it.
	app.Get("/imports", mw.RequirePerson, s.listImports)
	app.Get("/imports/new", mw.RequirePerson, s.newImport)
	app.Get("/imports/sample.csv", mw.RequirePerson, s.sampleImport)
	app.Post("/imports", mw.RequirePerson, upload, s.csrf.Protect, s.createImport)
	app.Get("/imports/drafts/:id", mw.RequirePerson, s.showDraft)
	app.Post("/imports/drafts/:id", mw.RequirePerson, small, s.csrf.Protect, s.chooseDraft)
	app.Get("/imports/:id", mw.RequirePerson, s.showImport)
	app.Get("/imports/:id/errors.csv", mw.RequirePerson, s.downloadImportErrors)
	app.Post("/imports/:id/undo", mw.RequirePerson, small, s.csrf.Protect, s.undoImport)
	app.Get("/imports/:id/events", mw.RequirePerson, s.followImport)

	app.Get("/settings/business", see(auth.BusinessConfigure, s.showBusiness)...)
	app.Post("/settings/business", act(auth.BusinessConfigure, small, s.updateBusiness)...)
	app.Post("/settings/business/logo", act(auth.BusinessConfigure, mw.BodyLimit(logoBody), s.setLogo)...)
	app.Post("/settings/business/logo/remove", act(auth.BusinessConfigure, small, s.removeLogo)...)
	app.Get("/settings/business/end", see(auth.BusinessDelete, s.showEnding)...)
	app.Post("/settings/business/hand-over", act(auth.BusinessDelete, small, s.handOver)...)
	app.Post("/settings/business/close", act(auth.BusinessDelete, small, s.closeBusiness)...)
	app.Get("/logo/:sha256", mw.RequirePerson, s.showLogo)
	app.Get("/settings/rights", see(auth.PeopleConfigure, s.showRights)...)
	app.Get("/settings/people", see(auth.PeopleConfigure, s.listPeople)...)
	app.Get("/settings/people/:id", see(auth.PeopleConfigure, s.showPerson)...)
	app.Post("/settings/people/:id", act(auth.PeopleConfigure, small, s.updatePerson)...)
	app.Post("/settings/people/:id/remove", act(auth.PeopleConfigure, small, s.removePerson)...)
	app.Get("/settings/invitations/new", see(auth.PeopleConfigure, s.newInvitation)...)
	app.Post("/settings/invitations", act(auth.PeopleConfigure, small, s.createInvitation)...)
	app.Post("/settings/invitations/:id/resend", act(auth.PeopleConfigure, small, s.resendInvitation)...)
	app.Post("/settings/invitations/:id/revoke", act(auth.PeopleConfigure, small, s.revokeInvitation)...)
	if s.ShowLinks {
		app.Post("/settings/invitations/:id/link", act(auth.PeopleConfigure, small, s.openInvitation)...)
	}
	app.Get("/settings/teams", see(auth.TeamsConfigure, s.listTeams)...)
	app.Post("/settings/teams", act(auth.TeamsConfigure, small, s.createTeam)...)
	app.Get("/settings/teams/:id", see(auth.TeamsConfigure, s.showTeam)...)
	app.Post("/settings/teams/:id", act(auth.TeamsConfigure, small, s.updateTeam)...)
	app.Post("/settings/teams/:id/delete", act(auth.TeamsConfigure, small, s.deleteTeam)...)
	app.Get("/tags/names", mw.RequirePerson, s.suggestTags)
	app.Get("/settings/tags", see(auth.TagsConfigure, s.listTags)...)
	app.Post("/settings/tags", act(auth.TagsConfigure, small, s.createTag)...)
	app.Get("/settings/tags/:id", see(auth.TagsConfigure, s.showTag)...)
	app.Post("/settings/tags/:id", act(auth.TagsConfigure, small, s.updateTag)...)
	app.Post("/settings/tags/:id/merge", act(auth.TagsConfigure, small, s.mergeTag)...)
	app.Post("/settings/tags/:id/delete", act(auth.TagsConfigure, small, s.deleteTag)...)
	app.Post("/settings/tags/:id/restore", act(auth.TagsConfigure, small, s.restoreTag)...)
	app.Get("/settings/keys", see(auth.KeysConfigure, s.listKeys)...)
	app.Get("/settings/keys/new", see(auth.KeysConfigure, s.newKey)...)
	app.Post("/settings/keys", act(auth.KeysConfigure, small, s.createKey)...)
	app.Get("/settings/keys/:id/rotate", see(auth.KeysConfigure, s.showRotation)...)
	app.Post("/settings/keys/:id/rotate", act(auth.KeysConfigure, small, s.rotateKey)...)
	app.Post("/settings/keys/:id/revoke", act(auth.KeysConfigure, small, s.revokeKey)...)
	app.Get("/settings/audit", see(auth.AuditRead, s.listAudit)...)

	// for platform administrators
	oversee := func(show fiber.Handler) []fiber.Handler {
		return []fiber.Handler{mw.RequirePlatformAdmin, show}
	}
	administer := func(do fiber.Handler) []fiber.Handler {
		return []fiber.Handler{mw.RequirePlatformAdmin, small, s.csrf.Protect, do}
	}
	app.Get("/admin/jobs", oversee(s.listJobs)...)
	app.Post("/admin/jobs/:job/retry", administer(s.retryJob)...)
	app.Post("/admin/jobs/:job/cancel", administer(s.cancelJob)...)
	app.Get("/admin/tenants", oversee(s.listBusinesses)...)
	app.Get("/admin/tenants/new", oversee(s.newBusiness)...)
	app.Post("/admin/tenants", administer(s.createBusiness)...)
	app.Post("/admin/tenants/:tenant/suspend", administer(s.suspendBusiness)...)
	app.Post("/admin/tenants/:tenant/resume", administer(s.resumeBusiness)...)
	app.Get("/admin/cache", oversee(s.showCache)...)
	app.Post("/admin/cache/business", administer(s.clearBusinessCache)...)
	app.Post("/admin/cache/all", administer(s.clearCache)...)
	s.backupRoutes(app, small)
	s.tenantBackupRoutes(app, small)
	app.Get("/admin/audit", oversee(s.listInstallationAudit)...)
	app.Get("/admin/mail", oversee(s.listMail)...)
	app.Get("/admin/mail/:id", oversee(s.showMail)...)
	app.Post("/admin/mail/:id/resend", administer(s.resendMail)...)
	app.Post("/admin/mail/:id/discard", administer(s.discardMail)...)
	app.Get("/admin/mail/:id/html", oversee(s.showMailHTML)...)

	// for programs
	app.Get("/api/docs", s.showReference)
	bounded := func(c *fiber.Ctx) error {
		if c.Path() == api.UploadPath {
			return upload(c)
		}
		return small(c)
	}
	app.Use(api.Prefix, mw.RequireSignIn, bounded, s.csrf.Protect)
	api.Register(app, api.Deps{Auth: s.Auth, CRM: s.CRM, Activity: s.Activity, Bulk: s.Bulk, Audit: s.Audit, Join: s.Join, Platform: s.Platform, Now: s.Now, BaseURL: s.BaseURL, Stream: s.stream})
}
