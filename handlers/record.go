package handlers

import (
	"context"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/views/ui"
)

const (
	// exportTimeout bounds an export, however many records there are.
	exportTimeout = 5 * time.Minute
	// recordChanged tells the parts of a record's page that it was changed.
	recordChanged = "recordChanged"
	// savedTogether is the word in the address for a change that was joined with
	// somebody else's.
	savedTogether = "saved-together"
)

// streamFile answers with a file, in the format that the address asks for, CSV where
// it does not, that is named after what is in it and the day.
func (s *server) streamFile(c *fiber.Ctx, what string, write func(ctx context.Context, format string, w io.Writer) error) error {
	p, _ := mw.Principal(c)
	format := c.Query("format", "csv")
	if err := s.stream(c, exportTimeout, func(ctx context.Context, w io.Writer) error { return write(ctx, format, w) }); err != nil {
		return err
	}
	kind, ending := respond.FileType(format)
	c.Set(fiber.HeaderContentType, kind)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+what+`-`+s.Now().In(p.Location()).Format(time.DateOnly)+ending+`"`)
	return nil
}

// doneNotice reports what the request before did to a record of the list at path.
// The address names it only by a word of ours: no text comes from there.
func doneNotice(c *fiber.Ctx, one, path string) *ui.ToastProps {
	n := ui.ToastProps{Kind: ui.ToastSuccess, CSRF: mw.Token(c)}
	switch c.Query("done") {
	case "created":
		n.Title = "The " + one + " was added."
	case "saved", savedTogether:
		n.Title = savedNotice("The "+one, c.Query("done") == savedTogether)
	case "restored":
		n.Title = "The " + one + " was restored."
	case "deleted":
		id, err := uuid.Parse(c.Query("id"))
		if err != nil {
			return nil
		}
		n.Title, n.Undo = "The "+one+" was deleted.", path+"/"+id.String()+"/restore"
	default:
		return nil
	}
	return &n
}

// pathID reads the id in the address. One that cannot be an id is nobody's.
func pathID(c *fiber.Ctx) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Params("id"))
	if err != nil {
		return uuid.Nil, apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	return id, nil
}

// savedWord is the word in the address for a record that was saved; joined tells
// that others had changed it since the version that the change was made from.
func savedWord(joined bool) string {
	if joined {
		return savedTogether
	}
	return "saved"
}

// savedNotice says the same in a sentence.
func savedNotice(name string, joined bool) string {
	if joined {
		return name + " was saved. Somebody else had changed other fields meanwhile: both changes are here now."
	}
	return name + " was saved."
}
