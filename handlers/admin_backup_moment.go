package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/backup"
	"payaid/views/admin"
	"payaid/views/ui"
)

func (s *server) showMoment(c *fiber.Ctx) error { return s.showMomentForm(c, "", nil) }

func (s *server) showMomentForm(c *fiber.Ctx, moment string, errs []ui.FieldError) error {
	p, _ := mw.Principal(c)
	w, err := s.Platform.BackupWindow(c.UserContext(), p)
	if err != nil {
		return err
	}
	props := admin.MomentProps{Window: w, Moment: moment, Errors: errs, CSRF: mw.Token(c), Now: s.Now()}
	return respond.Render(c, admin.MomentPage(s.frame(c, "Point in time · Backups", "admin-backups"), props))
}

// restoreMoment asks for everything as it was at the moment that was typed.
func (s *server) restoreMoment(c *fiber.Ctx) error {
	moment := c.FormValue("moment")
	r, err := requestWithKey(c, backup.VerbRestoreTo)
	if err == nil {
		r.Moment, r.Confirm = moment, c.FormValue("confirm")
		err = s.requestBackup(c, r)
	}
	return s.formAgain(c, err, func(c *fiber.Ctx, errs []ui.FieldError) error { return s.showMomentForm(c, moment, errs) })
}
