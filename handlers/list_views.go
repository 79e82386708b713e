package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/crm"
	"payaid/views/list"
)

func (s *server) newView(l listed) fiber.Handler {
	return func(c *fiber.Ctx) error {
		at, err := l.address(c)
		if err != nil {
			return err
		}
		return s.showViewForm(c, l, list.ViewFormProps{At: at})
	}
}

func (s *server) showViewForm(c *fiber.Ctx, l listed, form list.ViewFormProps) error {
	p, _ := mw.Principal(c)
	form.Entity, form.MayShare, form.CSRF, form.Dialog = l.Entity, s.CRM.MayShareViews(p, l.Key), mw.Token(c), respond.IsPartial(c)
	return show(c, list.ViewFormPage(s.frame(c, "Save as a view · "+l.Title, l.Key), form), list.ViewForm(form))
}

func (s *server) createView(l listed) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, _ := mw.Principal(c)
		in := crm.ViewInput{Entity: l.Key, Name: c.FormValue("name"), Shared: c.FormValue("shared") != "", Query: c.FormValue("q"), Filter: c.FormValue("filter"), Sort: c.FormValue("sort"), Density: c.FormValue("density")}
		at := list.Address{Text: in.Query, Filter: in.Filter, Sort: in.Sort, Columns: c.FormValue("columns"), Density: in.Density}
		in.Columns = at.ColumnKeys()
		v, err := s.CRM.CreateView(c.UserContext(), p, in)
		if err == nil {
			return leaveTo(c, l.ViewURL(v))
		}
		e := apperr.From(err)
		if !correctable(e) {
			return err
		}
		c.Status(respond.Status(e.Code))
		return s.showViewForm(c, l, list.ViewFormProps{At: at, Name: in.Name, Shared: in.Shared, Errors: fieldErrors(e)})
	}
}

// updateView saves what the list shows now under the view's name.
func (s *server) updateView(l listed) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, _ := mw.Principal(c)
		id, err := pathID(c)
		if err != nil {
			return err
		}
		version, err := formVersion(c)
		if err != nil {
			return err
		}
		q, filter, sort := c.FormValue("q"), c.FormValue("filter"), c.FormValue("sort")
		patch := crm.ViewPatch{Query: &q, Filter: &filter, Sort: &sort}
		if columns := (list.Address{Columns: c.FormValue("columns")}).ColumnKeys(); columns != nil {
			patch.Columns = &columns
		}
		if density := c.FormValue("density"); density != "" {
			patch.Density = &density
		}
		v, err := s.CRM.UpdateView(c.UserContext(), p, id, patch, &version)
		if err != nil {
			return err
		}
		return leaveTo(c, l.ViewURL(v))
	}
}

func (s *server) deleteView(l listed) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, _ := mw.Principal(c)
		id, err := pathID(c)
		if err != nil {
			return err
		}
		if _, err := s.CRM.DeleteView(c.UserContext(), p, id, nil); err != nil {
			return err
		}
		return leaveTo(c, l.URL(list.Address{View: list.AllView}))
	}
}

func (s *server) setDefaultView(l listed) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, _ := mw.Principal(c)
		id, err := pathID(c)
		if err != nil {
			return err
		}
		v, err := s.CRM.SetDefaultView(c.UserContext(), p, id, c.FormValue("off") == "")
		if err != nil {
			return err
		}
		return leaveTo(c, l.ViewURL(v))
	}
}
