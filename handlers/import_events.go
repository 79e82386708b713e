package handlers

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/views/imports"
)

// followImport sends the progress of an import as server-sent events.
func (s *server) followImport(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.CRM.Import(c.UserContext(), p, id); err != nil {
		return err
	}
	token := mw.Token(c)
	return s.follow(c, func(ctx context.Context) (moment, error) {
		started, err := s.CRM.Import(ctx, p, id)
		if err != nil {
			return moment{}, err
		}
		props, err := s.importProps(ctx, p, started, 0)
		props.CSRF = token
		return moment{part: imports.Live(props), ended: imports.Done(started)}, err
	})
}
