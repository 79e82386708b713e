package handlers

import (
	"context"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/contacts"
	"payaid/views/ui"
)

// exportTimeout bounds an export, however many contacts there are.
const exportTimeout = 5 * time.Minute

func (s *server) listContacts(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	list := contacts.List{ContactFilter: contactFilter(c), View: c.Query("view")}
	if condition, ok := addedCondition(c); ok {
		var err error
		if list.ContactFilter, err = canonical(list.ContactFilter, condition); err != nil {
			return err
		}
		return leaveTo(c, contacts.ListURL(list))
	}
	views, err := s.CRM.Views(c.UserContext(), p)
	if err != nil {
		return err
	}
	if v, ok := defaultView(views); ok && list.View == "" {
		if len(c.Request().URI().QueryString()) == 0 {
			return leaveTo(c, contacts.ViewURL(v))
		}
		list.View = contacts.AllView // a link to everything must not lead to the default
	}
	page, err := s.CRM.Contacts(c.UserContext(), p, list.ContactFilter)
	if err != nil {
		return err
	}
	if list.ContactFilter, err = canonical(list.ContactFilter); err != nil {
		return err
	}
	props := contacts.ListProps{
		Filter: list, Page: page, Views: views, CSRF: mw.Token(c), MayCreate: p.Can(auth.ContactsWrite), MayExport: p.Can(auth.ContactsExport),
		NoAccess: p.ReadScope(auth.Contacts) == auth.ScopeNone,
	}
	pushURL(c, contacts.ListURL(list))
	frame := s.frame(c, "Contacts", "contacts")
	frame.Notice = contactNotice(c)
	return show(c, contacts.ListPage(frame, props), contacts.ResultsPart(props))
}

func contactFilter(c *fiber.Ctx) crm.ContactFilter {
	return crm.ContactFilter{Query: c.Query("q"), Filter: c.Query("filter"), Stage: c.Query("stage"), Status: c.Query("status"), Sort: c.Query("sort"), Cursor: c.Query("cursor")}
}

func (s *server) showContact(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	contact, err := s.CRM.Contact(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	mayChange, err := s.CRM.MayChange(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	props := contacts.RecordProps{Contact: contact, MayChange: mayChange, MayDelete: mayChange && p.Can(auth.ContactsDelete), CSRF: mw.Token(c)}
	frame := s.frame(c, contact.Name+" · Contacts", "contacts")
	frame.Notice = contactNotice(c)
	return show(c, contacts.RecordPage(frame, props), contacts.Record(contact))
}

func (s *server) deleteContact(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.CRM.DeleteContact(c.UserContext(), p, id, nil); err != nil {
		return err
	}
	return leaveTo(c, "/contacts?done=deleted&id="+id.String())
}

func (s *server) restoreContact(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	contact, err := s.CRM.RestoreContact(c.UserContext(), p, id, nil)
	if err != nil {
		return err
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/contacts/"+id.String()+"?done=restored")
	}
	c.Set("HX-Trigger", "contactsChanged")
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: contact.Name + " was restored."}))
}

// exportContacts streams the list's filter as CSV.
func (s *server) exportContacts(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	filter := contactFilter(c)
	err := s.stream(c, exportTimeout, func(ctx context.Context, w io.Writer) error {
		return s.CRM.ExportContactsCSV(ctx, p, filter, w)
	})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="contacts-`+s.Now().In(p.Location()).Format(time.DateOnly)+`.csv"`)
	return nil
}

// contactNotice reports what the request before did. The address names it only by
// a word of ours: no text comes from there.
func contactNotice(c *fiber.Ctx) *ui.ToastProps {
	n := ui.ToastProps{Kind: ui.ToastSuccess, CSRF: mw.Token(c)}
	switch c.Query("done") {
	case "created":
		n.Title = "The contact was added."
	case "saved":
		n.Title = "The contact was saved."
	case "restored":
		n.Title = "The contact was restored."
	case "deleted":
		id, err := uuid.Parse(c.Query("id"))
		if err != nil {
			return nil
		}
		n.Title, n.Undo = "The contact was deleted.", "/contacts/"+id.String()+"/restore"
	default:
		return nil
	}
	return &n
}

// pathID reads the id in the address. One that cannot be an id is nobody's.
func pathID(c *fiber.Ctx) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Params("id"))
	if err != nil {
		return uuid.Nil, apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	return id, nil
}
