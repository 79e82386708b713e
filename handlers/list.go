package handlers

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/internal/crm"
	"payaid/internal/filter"
	"payaid/internal/listing"
	"payaid/views/list"
)

// listed is the list of one entity, for the handlers that all lists share.
type listed struct {
	list.Entity
	// address reads what the address says, the filter in its one text.
	address func(c *fiber.Ctx) (list.Address, error)
}

// address reads the address of a list over these fields.
func address(fields filter.Fields) func(c *fiber.Ctx) (list.Address, error) {
	return func(c *fiber.Ctx) (list.Address, error) {
		a := list.Address{Text: c.Query("q"), Filter: c.Query("filter"), Sort: c.Query("sort"), Cursor: c.Query("cursor"), View: c.Query("view"), Columns: c.Query("columns"), Density: c.Query("density")}
		err := narrow(&a, fields)
		return a, err
	}
}

// narrow adds conditions to the filter of a list and brings it into its one text.
func narrow(a *list.Address, fields filter.Fields, more ...filter.Expr) error {
	where, err := listing.Where(a.Filter, fields)
	if err != nil {
		return err
	}
	a.Filter = filter.Join(append([]filter.Expr{where}, more...)...).String()
	_, err = listing.Where(a.Filter, fields) // what a form added may mean nothing
	return err
}

// openList reads what a page of a list begins with: its address, the views that were
// saved, and how the person wants the list to look. to is where the list is instead, with a condition that was added or
// the view that it opens with, "" for here.
func (s *server) openList(c *fiber.Ctx, l listed) (props list.Props, to string, err error) {
	p, _ := mw.Principal(c)
	at, err := l.address(c)
	if err != nil {
		return props, "", err
	}
	if condition, ok := addedCondition(c); ok {
		err := narrow(&at, l.Fields, condition)
		return props, l.URL(at), err
	}
	views, err := s.CRM.Views(c.UserContext(), p, l.Key)
	if err != nil {
		return props, "", err
	}
	if v, ok := defaultView(views); ok && at.View == "" {
		if len(c.Request().URI().QueryString()) == 0 {
			return props, l.ViewURL(v), nil
		}
		at.View = list.AllView // a link to everything must not lead to the default
	}
	if err := s.paintTags(c, p); err != nil {
		return props, "", err
	}
	look, err := s.CRM.ListSettings(c.UserContext(), p, l.Key)
	if i := slices.IndexFunc(views, func(v crm.View) bool { return v.ID.String() == at.View }); i >= 0 {
		look = at.Under(look, views[i])
	} else {
		at.Columns, at.Density = "", "" // without a view they are the person's own
	}
	return list.Props{Entity: l.Entity, At: at, Views: views, Look: look, CSRF: mw.Token(c)}, "", err
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
