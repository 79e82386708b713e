package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/auth"
	"payaid/views/ui"
)

// paintTags gives the tags on the page that is rendered next their colours.
func (s *server) paintTags(c *fiber.Ctx, p auth.Principal) error {
	colours, err := s.CRM.TagColours(c.UserContext(), p)
	if err != nil {
		return err
	}
	c.SetUserContext(ui.Painted(c.UserContext(), colours))
	return nil
}

// suggestTags answers the choices below a field of tags: of what stands behind the
// last comma, each with what stands before it, since a choice takes the place of all
// that was typed.
func (s *server) suggestTags(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	typed := c.Query("tags", c.Query("into"))
	before, last := "", typed
	if i := strings.LastIndexByte(typed, ','); i >= 0 {
		before, last = typed[:i+1]+" ", typed[i+1:]
	}
	names, err := s.CRM.SuggestTags(c.UserContext(), p, last)
	if err != nil {
		return err
	}
	for i := range names {
		names[i] = before + names[i]
	}
	return respond.Render(c, ui.Suggestions(names))
}
