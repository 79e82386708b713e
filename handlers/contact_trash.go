package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/contacts"
	"payaid/views/record"
	"payaid/views/ui"
)

func (s *server) listDeletedContacts(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	page, err := s.CRM.DeletedContacts(c.UserContext(), p, c.Query("cursor"), 0)
	if err != nil {
		return err
	}
	props := contacts.TrashProps(page, mw.Token(c))
	frame := s.frame(c, "Trash · Contacts", "contacts")
	frame.Notice = doneNotice(c, "contact", "/contacts")
	return show(c, contacts.TrashPage(frame, props), record.Trash(props))
}

// restoreContact takes a contact out of the trash, with another e-mail where the
// form names one.
func (s *server) restoreContact(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	email, chosen := c.FormValue("email"), c.Request().PostArgs().Has("email")
	if c.FormValue("without") == "email" {
		email = ""
	}
	contact, err := s.restore(c, p, id, email, chosen)
	switch e := apperr.From(err); {
	case err == nil:
	case chosen && (e.Code == apperr.AlreadyExists || e.Code == apperr.Validation):
		c.Status(respond.Status(e.Code))
		return s.showRestoreClash(c, id, email, respond.Sentence(e))
	case e.Code == apperr.AlreadyExists:
		return leaveTo(c, "/contacts/"+id.String()+"/restore")
	default:
		return err
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/contacts/"+id.String()+"?done=restored")
	}
	c.Set("HX-Trigger", "contactsChanged")
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: contact.Name + " was restored."}))
}

func (s *server) restore(c *fiber.Ctx, p auth.Principal, id uuid.UUID, email string, chosen bool) (crm.Contact, error) {
	if chosen {
		return s.CRM.RestoreContactAs(c.UserContext(), p, id, email)
	}
	return s.CRM.RestoreContact(c.UserContext(), p, id, nil)
}

// showContactRestore asks how a contact is to be restored whose e-mail is taken.
func (s *server) showContactRestore(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	return s.showRestoreClash(c, id, "", "")
}

func (s *server) showRestoreClash(c *fiber.Ctx, id uuid.UUID, typed, message string) error {
	p, _ := mw.Principal(c)
	contact, err := s.CRM.DeletedContact(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	found, err := s.duplicates(c, crm.DuplicateQuery{Email: contact.Email})
	if err != nil {
		return err
	}
	return respond.Render(c, contacts.RestorePage(s.frame(c, "Restore "+contact.Name, "contacts"), contacts.RestoreProps(contact, found, typed, message, mw.Token(c))))
}
