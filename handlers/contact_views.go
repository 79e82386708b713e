package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/contacts"
)

func (s *server) newContactView(c *fiber.Ctx) error {
	list, err := canonical(contactFilter(c))
	if err != nil {
		return err
	}
	return s.showViewForm(c, contacts.ViewFormProps{List: contacts.List{ContactFilter: list}})
}

func (s *server) showViewForm(c *fiber.Ctx, form contacts.ViewFormProps) error {
	p, _ := mw.Principal(c)
	form.MayShare, form.CSRF, form.Dialog = p.Can(auth.ContactsWrite), mw.Token(c), respond.IsPartial(c)
	return show(c, contacts.ViewFormPage(s.frame(c, "Save as a view · Contacts", "contacts"), form), contacts.ViewForm(form))
}

func (s *server) createContactView(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	in := crm.ViewInput{Name: c.FormValue("name"), Shared: c.FormValue("shared") != "", Query: c.FormValue("q"), Filter: c.FormValue("filter"), Sort: c.FormValue("sort")}
	v, err := s.CRM.CreateView(c.UserContext(), p, in)
	if err == nil {
		return leaveTo(c, contacts.ViewURL(v))
	}
	e := apperr.From(err)
	if !correctable(e) {
		return err
	}
	c.Status(respond.Status(e.Code))
	list := contacts.List{ContactFilter: crm.ContactFilter{Query: in.Query, Filter: in.Filter, Sort: in.Sort}}
	return s.showViewForm(c, contacts.ViewFormProps{List: list, Name: in.Name, Shared: in.Shared, Errors: fieldErrors(e)})
}

// updateContactView saves what the list shows now under the view's name.
func (s *server) updateContactView(c *fiber.Ctx) error {
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
	v, err := s.CRM.UpdateView(c.UserContext(), p, id, crm.ViewPatch{Query: &q, Filter: &filter, Sort: &sort}, &version)
	if err != nil {
		return err
	}
	return leaveTo(c, contacts.ViewURL(v))
}

func (s *server) deleteContactView(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.CRM.DeleteView(c.UserContext(), p, id, nil); err != nil {
		return err
	}
	return leaveTo(c, "/contacts?view="+contacts.AllView)
}

func (s *server) setDefaultContactView(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	v, err := s.CRM.SetDefaultView(c.UserContext(), p, id, c.FormValue("off") == "")
	if err != nil {
		return err
	}
	return leaveTo(c, contacts.ViewURL(v))
}

// defaultView is the view with which a list opens whose address says nothing.
func defaultView(views []crm.View) (crm.View, bool) {
	for _, v := range views {
		if v.Default {
			return v, true
		}
	}
	return crm.View{}, false
}
