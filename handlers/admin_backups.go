package handlers

import (
	"io"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/backup"
	"payaid/internal/platform"
	"payaid/views/admin"
	"payaid/views/layout"
	"payaid/views/ui"
)

const backupsPath = "/admin/backups"

// backupRoutes names the pages of the backups, all for platform administrators.
func (s *server) backupRoutes(app *fiber.App, small fiber.Handler) {
	see := func(path string, show fiber.Handler) { app.Get(backupsPath+path, mw.RequirePlatformAdmin, show) }
	do := func(path string, act fiber.Handler) {
		app.Post(backupsPath+path, mw.RequirePlatformAdmin, small, s.csrf.Protect, act)
	}
	see("", s.listBackups)
	do("", s.createBackup)
	do("/prune", s.askBackup(backup.VerbPrune))
	see("/settings", s.showBackupSettings)
	do("/settings", s.changeBackupSettings)
	do("/settings/reset", s.resetBackupSettings)
	see("/upload", s.showBackupUpload)
	// It checks the form's token itself: the form is as long as the backup in it.
	app.Post(backupsPath+"/upload", mw.RequirePlatformAdmin, s.uploadBackup)
	see("/moment", s.showMoment)
	do("/moment", s.restoreMoment)
	see("/rollback", s.showRollback)
	do("/rollback", s.rollback)
	see("/jobs", s.listBackupJobs)
	see("/jobs/:job", s.showBackupJob)
	see("/jobs/:job/events", s.followBackupJob)
	do("/jobs/:job/stop", s.stopBackupJob)
	see("/:backup", s.showBackup)
	see("/:backup/download", s.downloadBackup)
	see("/:backup/restore", s.showRestore)
	do("/:backup/restore", s.restoreBackup)
	do("/:backup/drill", s.drillBackup)
	do("/:backup/verify", s.askBackup(backup.VerbVerify))
	do("/:backup/delete", s.askBackup(backup.VerbDelete))
	do("/:backup/pin", s.pinBackup(true))
	do("/:backup/unpin", s.pinBackup(false))
}

func (s *server) listBackups(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	all, err := s.Platform.Backups(c.UserContext(), p)
	if err != nil {
		return err
	}
	props := admin.BackupsProps{Backups: all, CSRF: mw.Token(c), Now: s.Now()}
	return respond.Render(c, admin.BackupsPage(s.frame(c, "Backups", "admin-backups"), props))
}

// backupAlarms are what is wrong with the backups, for the head of every page of the
// administration. A page is not refused because it is not known.
func (s *server) backupAlarms(c *fiber.Ctx, p auth.Principal) []layout.Alarm {
	if respond.IsPartial(c) {
		return nil
	}
	wrong, err := s.Platform.BackupAlarms(c.UserContext(), p)
	if err != nil {
		s.Log.WarnContext(c.UserContext(), "the state of the backups is not known", "err", err)
		return nil
	}
	out := make([]layout.Alarm, len(wrong))
	for i, w := range wrong {
		out[i] = layout.Alarm{Text: w.Says, Href: backupsPath, Label: "Look at the backups"}
	}
	return out
}

func (s *server) createBackup(c *fiber.Ctx) error {
	return s.requestBackup(c, platform.BackupRequest{Verb: backup.VerbCreate, Kind: backup.Kind(c.FormValue("kind"))})
}

// askBackup asks for a verb about the backup of the address, if it names one.
func (s *server) askBackup(verb backup.Verb) fiber.Handler {
	return func(c *fiber.Ctx) error {
		r := platform.BackupRequest{Verb: verb}
		if c.Params("backup") != "" {
			var err error
			if r.Backup, err = backupID(c, "backup"); err != nil {
				return err
			}
		}
		return s.requestBackup(c, r)
	}
}

// requestBackup has a process work and leads to the page that follows it.
func (s *server) requestBackup(c *fiber.Ctx, r platform.BackupRequest) error {
	p, _ := mw.Principal(c)
	id, err := s.Platform.AskBackup(c.UserContext(), p, r)
	if err != nil {
		return err
	}
	return leaveTo(c, admin.BackupJobURL(id))
}

// backupID reads the id of the address. What is no id is nobody's.
func backupID(c *fiber.Ctx, name string) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Params(name))
	if err != nil {
		return id, apperr.New(apperr.NotFound, "This backup or job does not exist any more.")
	}
	return id, nil
}

func (s *server) showBackup(c *fiber.Ctx) error { return s.showBackupForm(c, nil) }

func (s *server) showBackupForm(c *fiber.Ctx, errs []ui.FieldError) error {
	b, err := s.backup(c)
	if err != nil {
		return err
	}
	props := admin.BackupProps{Backup: b, Errors: errs, CSRF: mw.Token(c), Now: s.Now()}
	return respond.Render(c, admin.BackupPage(s.frame(c, props.Title()+" · Backups", "admin-backups"), props))
}

func (s *server) backup(c *fiber.Ctx) (backup.Backup, error) {
	p, _ := mw.Principal(c)
	id, err := backupID(c, "backup")
	if err != nil {
		return backup.Backup{}, err
	}
	return s.Platform.Backup(c.UserContext(), p, id)
}

func (s *server) drillBackup(c *fiber.Ctx) error {
	r, err := keyedRequest(c, backup.VerbDrill)
	if err == nil {
		err = s.requestBackup(c, r)
	}
	return s.formAgain(c, err, s.showBackupForm)
}

func (s *server) showRestore(c *fiber.Ctx) error { return s.showRestoreForm(c, nil) }

func (s *server) showRestoreForm(c *fiber.Ctx, errs []ui.FieldError) error {
	b, err := s.backup(c)
	if err != nil {
		return err
	}
	props := admin.BackupProps{Backup: b, Errors: errs, CSRF: mw.Token(c), Now: s.Now()}
	return respond.Render(c, admin.RestorePage(s.frame(c, "Restore · Backups", "admin-backups"), props))
}

func (s *server) restoreBackup(c *fiber.Ctx) error {
	r, err := keyedRequest(c, backup.VerbRestore)
	if err == nil {
		r.Confirm = c.FormValue("confirm")
		err = s.requestBackup(c, r)
	}
	return s.formAgain(c, err, s.showRestoreForm)
}

// formAgain shows the form with what was refused in it.
func (s *server) formAgain(c *fiber.Ctx, err error, form func(*fiber.Ctx, []ui.FieldError) error) error {
	if err == nil {
		return nil
	}
	e := apperr.From(err)
	if e.Code != apperr.Validation {
		return err
	}
	return form(c.Status(respond.Status(e.Code)), fieldErrors(e))
}

// maxKey bounds the file of a private key, in bytes.
const maxKey = 16 << 10

// keyedRequest reads a request about the backup of the address, with its key.
func keyedRequest(c *fiber.Ctx, verb backup.Verb) (platform.BackupRequest, error) {
	id, err := backupID(c, "backup")
	if err != nil {
		return platform.BackupRequest{}, err
	}
	r, err := requestWithKey(c, verb)
	r.Backup = id
	return r, err
}

// requestWithKey reads a request with the private key that was pasted or chosen as a
// file, if any was.
func requestWithKey(c *fiber.Ctx, verb backup.Verb) (platform.BackupRequest, error) {
	r := platform.BackupRequest{Verb: verb, Identity: c.FormValue("identity")}
	if !strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEMultipartForm) {
		return r, nil
	}
	header, err := c.FormFile("identityFile")
	if err != nil || header.Size == 0 { // no file was chosen
		return r, nil
	}
	file, err := header.Open()
	if err != nil {
		return r, err
	}
	defer func() { _ = file.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(file, maxKey+1))
	r.Identity = string(data)
	return r, err
}

func (s *server) showRollback(c *fiber.Ctx) error { return s.showRollbackForm(c, nil) }

func (s *server) showRollbackForm(c *fiber.Ctx, errs []ui.FieldError) error {
	p, _ := mw.Principal(c)
	undo, err := s.Platform.UndoableRestore(c.UserContext(), p)
	if err != nil {
		return err
	}
	props := admin.RollbackProps{Restored: undo, Errors: errs, CSRF: mw.Token(c)}
	return respond.Render(c, admin.RollbackPage(s.frame(c, "Roll back · Backups", "admin-backups"), props))
}

func (s *server) rollback(c *fiber.Ctx) error {
	err := s.requestBackup(c, platform.BackupRequest{Verb: backup.VerbRollback, Confirm: c.FormValue("confirm")})
	return s.formAgain(c, err, s.showRollbackForm)
}

func (s *server) pinBackup(pinned bool) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, _ := mw.Principal(c)
		id, err := backupID(c, "backup")
		if err != nil {
			return err
		}
		if err := s.Platform.PinBackup(c.UserContext(), p, id, pinned); err != nil {
			return err
		}
		return leaveTo(c, admin.BackupURL(id))
	}
}

func (s *server) showBackupSettings(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	now, err := s.Platform.BackupSettings(c.UserContext(), p)
	if err != nil {
		return err
	}
	return s.showBackupSettingsForm(c, admin.BackupSettingsForm(now), nil)
}

func (s *server) showBackupSettingsForm(c *fiber.Ctx, in platform.BackupSettingsInput, errs []ui.FieldError) error {
	p, _ := mw.Principal(c)
	all, err := s.Platform.Backups(c.UserContext(), p)
	if err != nil {
		return err
	}
	props := admin.BackupSettingsProps{Settings: all.Settings, Recipients: all.Recipients, Input: in, Errors: errs, CSRF: mw.Token(c)}
	frame := s.frame(c, "Settings · Backups", "admin-backups")
	if c.Query("done") == "saved" {
		frame.Notice = &ui.ToastProps{Kind: ui.ToastSuccess, Title: "The settings of the backups were saved."}
	}
	return respond.Render(c, admin.BackupSettingsPage(frame, props))
}

func (s *server) changeBackupSettings(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	in := platform.BackupSettingsInput{On: c.FormValue("on") != "", Time: c.FormValue("time"), Zone: c.FormValue("zone"), Retention: c.FormValue("retention")}
	err := s.Platform.ChangeBackupSettings(c.UserContext(), p, in)
	if err == nil {
		return leaveTo(c, backupsPath+"/settings?done=saved")
	}
	return s.formAgain(c, err, func(c *fiber.Ctx, errs []ui.FieldError) error { return s.showBackupSettingsForm(c, in, errs) })
}

func (s *server) resetBackupSettings(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	if err := s.Platform.ResetBackupSettings(c.UserContext(), p); err != nil {
		return err
	}
	return leaveTo(c, backupsPath+"/settings?done=saved")
}
