package handlers

import (
	"context"
	"io"
	"strings"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/internal/apperr"
	"payaid/internal/bulk"
	"payaid/internal/crm"
)

// changeContacts does one thing to the contacts that are selected in the list.
func (s *server) changeContacts(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	ids, match, err := selection(c)
	if err != nil {
		return err
	}
	in := bulk.Input{Entity: crm.EntityContacts, IDs: ids, Match: match}
	var value string
	in.Action, value, _ = strings.Cut(c.FormValue("do"), ":")
	switch in.Action {
	case crm.BulkAssign:
		if in.Value.OwnerID, err = formOwner(value); err != nil {
			return err
		}
	case crm.BulkAddTags, crm.BulkRemoveTags:
		in.Value.Tags = strings.Split(c.FormValue("tags"), ",")
	case crm.BulkStage:
		in.Value.Stage = value
	case crm.BulkStatus:
		in.Value.Status = value
	}
	run, err := s.Bulk.Start(c.UserContext(), p, in)
	if err != nil {
		return aboutOne(err)
	}
	return s.bulkStarted(c, run, postedList(c, contactList))
}

// exportSelected streams the contacts that are selected in the list as CSV.
func (s *server) exportSelected(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	ids, match, err := selection(c)
	if err != nil {
		return err
	}
	filter := crm.ContactFilter{IDs: ids, Sort: c.FormValue("sort")}
	if match != nil {
		filter.Query, filter.Filter = match.Query, match.Filter
	} else if len(ids) == 0 {
		return apperr.New(apperr.Validation, "Choose at least one contact.")
	}
	return s.streamFile(c, "contacts", func(ctx context.Context, format string, w io.Writer) error {
		return s.CRM.ExportContacts(ctx, p, filter, format, w)
	})
}
