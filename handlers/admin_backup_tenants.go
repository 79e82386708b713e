package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/backup"
	"payaid/internal/platform"
	"payaid/views/admin"
)

// toldSteps is how many of a job's last steps the page shows.
const toldSteps = 5

// tenantBackupRoutes names the pages that restore one business.
func (s *server) tenantBackupRoutes(app *fiber.App, small fiber.Handler) {
	const path = "/admin/backups/:backup/tenants"
	app.Get(path, mw.RequirePlatformAdmin, s.showTenantRestore)
	app.Post(path+"/plan", mw.RequirePlatformAdmin, small, s.csrf.Protect, s.compareTenant)
	app.Post(path+"/apply", mw.RequirePlatformAdmin, small, s.csrf.Protect, s.restoreTenant)
}

func (s *server) showTenantRestore(c *fiber.Ctx) error {
	props, err := tenantProps(c, c.Query)
	if err != nil {
		return err
	}
	return s.showTenantForms(c, props)
}

// tenantProps reads which comparison is meant, from the address or a form.
func tenantProps(c *fiber.Ctx, value func(string, ...string) string) (admin.BackupTenantProps, error) {
	var props admin.BackupTenantProps
	for text, id := range map[string]*uuid.UUID{c.Params("backup"): &props.Source.ID, value("plan"): &props.Plan, value("job"): &props.Job} {
		if text == "" {
			continue
		}
		found, err := uuid.Parse(text)
		if err != nil {
			return props, apperr.New(apperr.NotFound, "This backup or job does not exist any more.")
		}
		*id = found
	}
	return props, nil
}

func (s *server) showTenantForms(c *fiber.Ctx, props admin.BackupTenantProps) error {
	p, _ := mw.Principal(c)
	var err error
	if props.Source, err = s.Platform.TenantSource(c.UserContext(), p, props.Source.ID); err != nil {
		return err
	}
	if err := s.addComparison(c, p, &props); err != nil {
		return err
	}
	if props.Slug == "" {
		props.Slug = props.Source.Slug
	}
	all, err := s.Platform.Businesses(c.UserContext(), p, platform.BusinessFilter{})
	if err != nil {
		return err
	}
	for _, b := range all.Businesses {
		props.Suggestions = append(props.Suggestions, b.Slug)
	}
	props.CSRF = mw.Token(c)
	return show(c, admin.BackupTenantPage(s.frame(c, "Restore one business", "admin-backups"), props), admin.BackupTenantResults(props))
}

// addComparison adds what is known of the comparison that props name.
func (s *server) addComparison(c *fiber.Ctx, p auth.Principal, props *admin.BackupTenantProps) error {
	if props.Plan == uuid.Nil {
		return nil
	}
	found, err := s.Platform.Compared(c.UserContext(), p, props.Plan, props.Job)
	if err != nil {
		return err
	}
	if found.Job.Backup != props.Source.ID && found.Job.Backup != uuid.Nil {
		return apperr.New(apperr.NotFound, "This comparison does not exist any more.")
	}
	props.Compared = &found
	if found.Job.State == backup.JobQueued {
		return nil
	}
	props.Events, err = s.Platform.BackupEvents(c.UserContext(), p, found.Job.ID, 0, toldSteps)
	return err
}

func (s *server) compareTenant(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	props, err := tenantProps(c, func(string, ...string) string { return "" })
	if err != nil {
		return err
	}
	props.Slug = c.FormValue("slug")
	in := platform.TenantComparison{Backup: props.Source.ID, Slug: props.Slug, Identity: c.FormValue("identity")}
	plan, err := s.Platform.CompareTenant(c.UserContext(), p, in)
	if err == nil {
		return leaveTo(c, admin.BackupTenantURL(props.Source.ID, plan, uuid.Nil))
	}
	e := apperr.From(err)
	if e.Code != apperr.Validation {
		return err
	}
	props.CompareErrors = fieldErrors(e)
	return s.showTenantForms(c.Status(respond.Status(e.Code)), props)
}

func (s *server) restoreTenant(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	props, err := tenantProps(c, func(name string, _ ...string) string {
		if name == "plan" {
			return c.FormValue("plan")
		}
		return ""
	})
	if err != nil {
		return err
	}
	in := platform.TenantRestore{
		Backup: props.Source.ID, Plan: props.Plan, Mode: backup.TenantMode(c.FormValue("mode")), Confirm: c.FormValue("confirm"), Identity: c.FormValue("identity"),
	}
	for _, name := range c.Request().PostArgs().PeekMulti("tables") {
		in.Tables = append(in.Tables, string(name))
	}
	job, err := s.Platform.RestoreTenant(c.UserContext(), p, in)
	if err == nil {
		return leaveTo(c, admin.BackupTenantURL(props.Source.ID, props.Plan, job))
	}
	e := apperr.From(err)
	if e.Code != apperr.Validation {
		return err
	}
	props.Mode, props.Chosen, props.RestoreErrors = in.Mode, in.Tables, fieldErrors(e)
	return s.showTenantForms(c.Status(respond.Status(e.Code)), props)
}
