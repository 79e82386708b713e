package handlers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"time"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/views/admin"
	"payaid/views/ui"
)

// maxToken bounds the field before the file, in bytes.
const maxToken = 1 << 10

// uploadBackup reads the form while it arrives: the token first, then the backup,
// which is never whole in memory nor on this machine's disk.
func (s *server) uploadBackup(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	conn := c.Context().Conn()
	more := func() { _ = conn.SetReadDeadline(time.Now().Add(backupPatience)) }
	form, err := openForm(c, more)
	if err != nil {
		return err
	}
	token, err := nextPart(form, "_csrf")
	if err != nil {
		return err
	}
	sent, err := io.ReadAll(io.LimitReader(token, maxToken))
	if err != nil {
		return unreadableForm(err)
	}
	if err := s.csrf.Check(c, string(sent)); err != nil {
		return err
	}
	file, err := nextPart(form, "file")
	if err != nil {
		return err
	}
	// The time of a request is too short for a large file.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.UserContext()), backupLimit)
	defer cancel()
	b, err := s.Platform.ReceiveBackup(ctx, p, file)
	if err == nil {
		return leaveTo(c, admin.BackupURL(b.ID))
	}
	return s.formAgain(c, err, func(c *fiber.Ctx, errs []ui.FieldError) error {
		props := admin.BackupUploadProps{CSRF: mw.Token(c), Errors: errs}
		return respond.Render(c, admin.BackupUploadPage(s.frame(c, "Upload · Backups", "admin-backups"), props))
	})
}

// openForm reads a form as a stream; more is called before each piece.
func openForm(c *fiber.Ctx, more func()) (*multipart.Reader, error) {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || kind != fiber.MIMEMultipartForm || params["boundary"] == "" || c.Get(fiber.HeaderContentEncoding) != "" {
		return nil, apperr.New(apperr.UnsupportedMedia, "Send the backup as a form with a file, without compression.")
	}
	var body io.Reader
	if stream := c.Request().BodyStream(); stream != nil {
		body = patientReader{stream, more}
	} else { // it is short and here already
		body = bytes.NewReader(c.Request().Body())
	}
	return multipart.NewReader(body, params["boundary"]), nil
}

// nextPart is the next part of the form, which must be the field name.
func nextPart(form *multipart.Reader, name string) (*multipart.Part, error) {
	part, err := form.NextPart()
	if errors.Is(err, io.EOF) || err == nil && part.FormName() != name {
		var f apperr.Fields
		f.Add("file", "Choose a file, and send it with the form of the page.")
		return nil, f.Err()
	}
	if err != nil {
		return nil, unreadableForm(err)
	}
	return part, nil
}

func unreadableForm(err error) error {
	return apperr.Wrap(err, apperr.InvalidInput, "The upload could not be read. Please send the file again.")
}
