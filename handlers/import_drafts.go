package handlers

import (
	"context"
	"io"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/crm"
	"payaid/views/imports"
)

func (s *server) showDraft(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	draft, err := s.CRM.ImportDraft(c.UserContext(), p, id)
	if apperr.Is(err, apperr.NotFound) {
		if _, started := s.CRM.Import(c.UserContext(), p, id); started == nil {
			return leaveTo(c, imports.RecordURL(id))
		}
	}
	if err != nil {
		return err
	}
	return s.showDraftPage(c, draft, nil)
}

// chooseDraft shows the preview for other choices, or starts the import with them.
func (s *server) chooseDraft(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	draft, err := s.CRM.ImportDraft(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	draft, err = s.CRM.Choose(c.UserContext(), p, draft, draftChoices(c, len(draft.Mapping.Columns)))
	if err == nil && c.FormValue("action") == "start" {
		started, err := s.CRM.StartDraft(c.UserContext(), p, draft)
		if err != nil {
			return err
		}
		return leaveTo(c, imports.RecordURL(started.ID))
	}
	if err != nil && !apperr.Is(err, apperr.Validation) {
		return err
	}
	return s.showDraftPage(c, draft, err)
}

func draftChoices(c *fiber.Ctx, columns int) crm.DraftChoices {
	out := crm.DraftChoices{Sheet: c.FormValue("sheet"), Duplicates: c.FormValue("duplicates"), DryRun: c.FormValue("dryRun") != ""}
	form := c.Request().PostArgs()
	for i := range columns {
		name := "column." + strconv.Itoa(i)
		if !form.Has(name) {
			return out // another form: the columns as they are matched
		}
		out.Fields = append(out.Fields, c.FormValue(name))
	}
	return out
}

// showDraftPage shows the choices, what is wrong with them, and what the import
// would do.
func (s *server) showDraftPage(c *fiber.Ctx, draft crm.ImportDraft, problem error) error {
	p, _ := mw.Principal(c)
	props := imports.DraftProps{Draft: draft, Fields: crm.ImportFields(draft.Entity), CSRF: mw.Token(c)}
	if problem != nil {
		props.Errors = fieldErrors(apperr.From(problem))
		c.Status(respond.Status(apperr.Validation))
	}
	var err error
	if props.Preview, err = s.CRM.PreviewImport(c.UserContext(), p, draft); err != nil {
		return err
	}
	frame := s.frame(c, draft.FileName+" · Imports", "imports")
	return show(c, imports.DraftPage(frame, props), imports.Draft(props))
}

// downloadImportErrors streams the refused rows, to be corrected and imported again.
func (s *server) downloadImportErrors(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	err = s.stream(c, exportTimeout, func(ctx context.Context, w io.Writer) error {
		return s.CRM.WriteImportErrors(ctx, p, id, w)
	})
	if err != nil {
		return err
	}
	kind, _ := respond.FileType(crm.ExportFormats[0])
	c.Set(fiber.HeaderContentType, kind)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="not-taken-`+id.String()[:8]+`.csv"`)
	return nil
}

func (s *server) undoImport(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.CRM.UndoImport(c.UserContext(), p, id); err != nil {
		return err
	}
	return leaveTo(c, imports.RecordURL(id))
}
