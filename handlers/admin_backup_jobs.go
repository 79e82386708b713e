package handlers

import (
	"context"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/auth"
	"payaid/views/admin"
)

// backupSteps is how many of a job's steps a page shows: the newest.
const backupSteps = 200

func (s *server) listBackupJobs(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	page, err := s.Platform.BackupJobs(c.UserContext(), p, c.Query("cursor"))
	if err != nil {
		return err
	}
	props := admin.BackupJobsProps{Page: page, First: c.Query("cursor") == ""}
	return show(c, admin.BackupJobsPage(s.frame(c, "Jobs · Backups", "admin-backups"), props), admin.BackupJobsResults(props))
}

func (s *server) showBackupJob(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := backupID(c, "job")
	if err != nil {
		return err
	}
	props, err := s.backupJob(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	props.CSRF = mw.Token(c)
	return show(c, admin.BackupJobPage(s.frame(c, props.Title()+" · Backups", "admin-backups"), props), admin.BackupJobLive(props))
}

func (s *server) backupJob(ctx context.Context, p auth.Principal, id uuid.UUID) (admin.BackupJobProps, error) {
	props := admin.BackupJobProps{Now: s.Now()}
	var err error
	if props.Job, err = s.Platform.BackupJob(ctx, p, id); err != nil {
		return props, err
	}
	props.Events, err = s.Platform.BackupEvents(ctx, p, id, 0, backupSteps)
	return props, err
}

func (s *server) stopBackupJob(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := backupID(c, "job")
	if err != nil {
		return err
	}
	if err := s.Platform.StopBackupJob(c.UserContext(), p, id); err != nil {
		return err
	}
	return leaveTo(c, admin.BackupJobURL(id))
}

// followBackupJob sends what changes on a job's page as server-sent events. The token
// of its form is the page's, not a stream's: the form itself is outside of the part.
func (s *server) followBackupJob(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := backupID(c, "job")
	if err != nil {
		return err
	}
	if _, err := s.Platform.BackupJob(c.UserContext(), p, id); err != nil {
		return err
	}
	return s.follow(c, func(ctx context.Context) (moment, error) {
		props, err := s.backupJob(ctx, p, id)
		return moment{part: admin.BackupJobLive(props), version: props.Version(), ended: props.Job.Done()}, err
	})
}

// backupLimit bounds the time in which a backup is sent or received; a line that
// stands still is cut much earlier.
const (
	backupLimit    = 12 * time.Hour
	backupPatience = time.Minute
)

// downloadBackup sends one backup, encrypted as it is.
func (s *server) downloadBackup(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := backupID(c, "backup")
	if err != nil {
		return err
	}
	name, write, err := s.Platform.SendBackup(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	conn := c.Context().Conn()
	err = s.stream(c, backupLimit, func(ctx context.Context, w io.Writer) error {
		return write(ctx, patientWriter{w, func() { _ = conn.SetWriteDeadline(time.Now().Add(backupPatience)) }})
	})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/x-tar")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no")
	return nil
}

// patientWriter gives the reader more time with each piece that he took: a large
// file takes longer than any answer may otherwise.
type patientWriter struct {
	io.Writer
	more func()
}

// Write writes p.
func (w patientWriter) Write(p []byte) (int, error) {
	w.more()
	return w.Writer.Write(p)
}

// patientReader is the same for what is sent to us.
type patientReader struct {
	io.Reader
	more func()
}

// Read reads into p.
func (r patientReader) Read(p []byte) (int, error) {
	r.more()
	return r.Reader.Read(p)
}

func (s *server) showBackupUpload(c *fiber.Ctx) error {
	return respond.Render(c, admin.BackupUploadPage(s.frame(c, "Upload · Backups", "admin-backups"), admin.BackupUploadProps{CSRF: mw.Token(c)}))
}
