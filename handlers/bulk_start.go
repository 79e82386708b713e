package handlers

import (
	"context"
	"io"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/crm"
)

// changeSelected does one thing to the records that are selected in a list.
func (s *server) changeSelected(l listed) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, _ := mw.Principal(c)
		ids, match, err := selection(c)
		if err != nil {
			return err
		}
		in := bulk.Input{Entity: l.Key, IDs: ids, Match: match}
		if in.Action, in.Value, err = bulkAction(c); err != nil {
			return err
		}
		run, err := s.Bulk.Start(c.UserContext(), p, in)
		if err != nil {
			return aboutOne(err)
		}
		return s.bulkStarted(c, run, postedList(c, l))
	}
}

// bulkAction reads which button of the bar was pressed: the action and, where it
// has choices, the chosen one behind a colon.
func bulkAction(c *fiber.Ctx) (action string, v bulk.Value, err error) {
	action, value, _ := strings.Cut(c.FormValue("do"), ":")
	switch action {
	case crm.BulkAssign:
		v.OwnerID, err = formOwner(value)
	case crm.BulkAddTags, crm.BulkRemoveTags:
		v.Tags = strings.Split(c.FormValue("tags"), ",")
	case crm.BulkStage:
		v.Stage = value
	case crm.BulkStatus:
		v.Status = value
	case crm.BulkType:
		v.Type = value
	}
	return action, v, err
}

// selected are the records of a list that somebody ticked, or all that match.
type selected struct {
	IDs                []uuid.UUID // nil: all that match
	Text, Filter, Sort string
}

// exportSelected streams the records that are selected in a list as CSV.
func (s *server) exportSelected(l listed, export func(ctx context.Context, p auth.Principal, which selected, format string, w io.Writer) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, _ := mw.Principal(c)
		ids, match, err := selection(c)
		if err != nil {
			return err
		}
		which := selected{IDs: ids, Sort: c.FormValue("sort")}
		if match != nil {
			which.Text, which.Filter = match.Query, match.Filter
		} else if len(ids) == 0 {
			return apperr.New(apperr.Validation, "Choose at least one %s.", l.One)
		}
		return s.streamFile(c, l.Key, func(ctx context.Context, format string, w io.Writer) error {
			return export(ctx, p, which, format, w)
		})
	}
}
