package handlers

import (
	"context"
	"io"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/contacts"
	"payaid/views/list"
)

// contactList is the list of contacts for the handlers that all lists share.
var contactList = listed{Entity: contacts.Listed, address: contactAddress}

func (s *server) listContacts(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	shared, to, err := s.openList(c, contactList)
	if err != nil {
		return err
	}
	if to != "" {
		return leaveTo(c, to)
	}
	at := shared.At
	filter := contactQuery(at)
	filter.Limit = shared.Look.PageSize
	page, err := s.CRM.Contacts(c.UserContext(), p, filter)
	if err != nil {
		return err
	}
	owners, err := s.ownerOptions(c, p, true)
	if err != nil {
		return err
	}
	open, err := s.CRM.OpenCompanies(c.UserContext(), p, crm.CompaniesOf(page.Contacts))
	if err != nil {
		return err
	}
	props := contacts.ListProps{
		Open:  open,
		Props: shared, Page: page, Owners: owners, MayCreate: p.Can(auth.ContactsWrite), MayDelete: p.Can(auth.ContactsDelete), MayExport: p.Can(auth.ContactsExport),
		NoAccess: p.ReadScope(auth.Contacts) == auth.ScopeNone,
	}
	pushURL(c, contacts.Listed.URL(at))
	frame := s.frame(c, "Contacts", "contacts")
	if frame.Notice, err = s.listNotice(c, contactList); err != nil {
		return err
	}
	return show(c, contacts.ListPage(frame, props), contacts.ResultsPart(props))
}

func contactFilter(c *fiber.Ctx) crm.ContactFilter {
	return crm.ContactFilter{Query: c.Query("q"), Filter: c.Query("filter"), Stage: c.Query("stage"), Status: c.Query("status"), Sort: c.Query("sort"), Cursor: c.Query("cursor")}
}

// contactQuery is what the address of a list lists.
func contactQuery(at list.Address) crm.ContactFilter {
	return crm.ContactFilter{Query: at.Text, Filter: at.Filter, Sort: at.Sort, Cursor: at.Cursor}
}

// contactAddress also takes the stage and the status as parameters of their own.
func contactAddress(c *fiber.Ctx) (list.Address, error) {
	q, err := contactFilter(c).Listing()
	if err != nil {
		return list.Address{}, err
	}
	at := list.Address{Text: q.Text, Filter: q.Filter, Sort: q.Sort, Cursor: q.Cursor, View: c.Query("view")}
	return at, narrow(&at, crm.ContactFields)
}

// exportContacts streams the list's filter as a file.
func (s *server) exportContacts(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	filter := contactFilter(c)
	return s.streamFile(c, "contacts", func(ctx context.Context, format string, w io.Writer) error {
		return s.CRM.ExportContacts(ctx, p, filter, format, w)
	})
}

func (s *server) exportSelectedContacts(ctx context.Context, p auth.Principal, which selected, format string, w io.Writer) error {
	filter := crm.ContactFilter{IDs: which.IDs, Query: which.Text, Filter: which.Filter, Sort: which.Sort}
	return s.CRM.ExportContacts(ctx, p, filter, format, w)
}
