package handlers

import (
	"context"
	"io"
	"mime/multipart"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/imports"
	"payaid/views/ui"
)

// badRows is how many refused rows a page shows.
const badRows = 50

func (s *server) listImports(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	page, err := s.CRM.Imports(c.UserContext(), p, c.Query("cursor"), 0)
	if err != nil {
		return err
	}
	return show(c, imports.ListPage(s.frame(c, "Imports", "imports"), page), imports.Results(page))
}

func (s *server) newImport(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	entities := crm.ImportEntities(p)
	if len(entities) == 0 {
		return p.Require(auth.ContactsWrite)
	}
	form := imports.FormProps{Entity: c.Query("entity", entities[0])}
	if !slices.Contains(entities, form.Entity) {
		return apperr.New(apperr.InvalidInput, "This cannot be imported here.")
	}
	return s.showImportForm(c, form)
}

func (s *server) showImportForm(c *fiber.Ctx, form imports.FormProps) error {
	p, _ := mw.Principal(c)
	form.CSRF, form.Entities = mw.Token(c), crm.ImportEntities(p)
	return show(c, imports.FormPage(s.frame(c, "New import", "imports"), form), imports.Form(form))
}

// createImport keeps the file; what becomes of its columns is asked next.
func (s *server) createImport(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	form := imports.FormProps{Entity: c.Query("entity", crm.EntityContacts)}
	var draft crm.ImportDraft
	err := withUpload(c, "file", func(ctx context.Context, header *multipart.FileHeader, file io.Reader) (err error) {
		draft, err = s.CRM.UploadImport(ctx, p, crm.ImportInput{FileName: header.Filename, Body: file, Size: header.Size, Entity: form.Entity})
		return err
	})
	if err == nil {
		return leaveTo(c, imports.DraftURL(draft.ID))
	}
	e := apperr.From(err)
	switch e.Code {
	case apperr.Validation:
		form.Errors = fieldErrors(e)
	case apperr.TooLarge:
		form.Errors = []ui.FieldError{{Field: "file", Message: e.Message}}
	default:
		return err
	}
	return s.showImportForm(c.Status(respond.Status(e.Code)), form)
}

func (s *server) showImport(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	started, err := s.CRM.Import(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	after, _ := strconv.ParseInt(c.Query("after"), 10, 64) // anything else is the beginning
	props, err := s.importProps(c.UserContext(), p, started, after)
	if err != nil {
		return err
	}
	props.CSRF = mw.Token(c)
	part := imports.Live(props)
	if after > 0 {
		part = imports.BadRows(props)
	}
	return show(c, imports.Page(s.frame(c, started.FileName+" · Imports", "imports"), props), part)
}

// importProps adds the refused rows once there will be no more of them.
func (s *server) importProps(ctx context.Context, p auth.Principal, started crm.Import, after int64) (imports.Props, error) {
	props := imports.Props{Import: started, MayUndo: crm.MayUndoImport(p, started.Entity)}
	if !imports.Done(started) || started.Counts.Failed == 0 {
		return props, nil
	}
	rows, err := s.CRM.ImportErrors(ctx, p, started.ID, after, badRows+1)
	if err != nil {
		return props, err
	}
	props.Errors = rows[:min(len(rows), badRows)]
	props.More = len(rows) > badRows
	return props, nil
}

// samples show the columns that an import knows by their usual names.
var samples = map[string]string{
	crm.EntityContacts: "\ufeffFirst name,Last name,Email,Phone,Company,Job title,Tags,Stage\r\n" +
		"Aarav,Sharma,aarav@example.in,98765 43210,Saffron Foods Pvt Ltd,Buyer,\"wholesale; north\",customer\r\n" +
		"Priya,Das,priya@example.in,+91 91234 56789,Deccan Instruments,Director,,prospect\r\n",
	crm.EntityCompanies: "\ufeffName,Type,Industry,GSTIN,Email,Phone,Website,Employees,Annual revenue,Address,City,State,PIN code,Part of,Tags\r\n" +
		"Saffron Foods Pvt Ltd,customer,Food,27AAPFU0939F1ZV,accounts@saffron.example,022 2345 6789,saffron.example,120,\"4,50,00,000\",14 MG Road,Mumbai,Maharashtra,400001,,wholesale\r\n" +
		"Saffron Spices,partner,Food,,,98765 43210,,,,2 Mill Lane,Kochi,Kerala,682001,Saffron Foods Pvt Ltd,\"wholesale; south\"\r\n",
}

func (s *server) sampleImport(c *fiber.Ctx) error {
	entity := c.Query("entity", crm.EntityContacts)
	if samples[entity] == "" {
		return apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+entity+`-sample.csv"`)
	return c.SendString(samples[entity])
}
