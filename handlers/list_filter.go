package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/filter"
	"payaid/views/list"
	"payaid/views/ui"
)

// newFilter asks for one condition of the list.
func (s *server) newFilter(l listed) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, _ := mw.Principal(c)
		field, ok := l.Fields.Find(c.Query("field"))
		if !ok {
			return apperr.New(apperr.NotFound, "There is nothing at this address.")
		}
		at, err := l.address(c)
		if err != nil {
			return err
		}
		form := list.FilterProps{Entity: l.Entity, At: at, Field: field, Dialog: respond.IsPartial(c)}
		if field.Name == "owner" || field.Name == "author" {
			colleagues, err := s.Auth.Colleagues(c.UserContext(), p)
			if err != nil {
				return err
			}
			form.Choices = []ui.Option{{Value: filter.Me, Label: "Me"}, {Value: filter.None, Label: "Nobody"}}
			for _, colleague := range colleagues {
				form.Choices = append(form.Choices, ui.Option{Value: colleague.Email, Label: colleague.Name})
			}
			form.Field.Empty = ""
		}
		return show(c, list.FilterPage(s.frame(c, "Filter · "+l.Title, l.Key), form), list.FilterForm(form))
	}
}

// addedCondition reads what the form of a condition sent; ok tells that there is
// one, which may say nothing.
func addedCondition(c *fiber.Ctx) (e filter.Expr, ok bool) {
	field := c.Query("field")
	if field == "" {
		return filter.Expr{}, false
	}
	is := filter.Expr{Op: filter.Is, Field: field}
	add := func(text string, quoted bool) {
		if text = strings.TrimSpace(text); text != "" {
			is.Values = append(is.Values, filter.Value{Text: text, Quoted: quoted})
		}
	}
	if add(c.Query("is"), false); len(is.Values) == 0 {
		for _, v := range c.Context().QueryArgs().PeekMulti("value") {
			add(string(v), false)
		}
		for text := range strings.SplitSeq(c.Query("text"), ",") {
			add(text, true)
		}
		if from, to := c.Query("from"), c.Query("to"); len(is.Values) == 0 && from+to != "" {
			add(from+".."+to, false)
		}
	}
	switch {
	case len(is.Values) == 0:
		return filter.Expr{}, true
	case c.Query("not") != "":
		return filter.Expr{Op: filter.Not, Parts: []filter.Expr{is}}, true
	}
	return is, true
}
