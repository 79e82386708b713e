package handlers

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/views/contacts"
	"payaid/views/list"
	"payaid/views/record"
)

func (s *server) showContact(c *fiber.Ctx) error {
	contact, mayChange, err := s.readContact(c)
	if err != nil {
		return err
	}
	p, _ := mw.Principal(c)
	props := contactProps(c, contact, mayChange)
	if props.History, err = s.CRM.ContactHistory(c.UserContext(), p, contact.ID, ""); err != nil {
		return err
	}
	if props.Beside, err = s.contactNeighbours(c, contact.ID); err != nil {
		return err
	}
	if p.Can(auth.ActivitiesRead) {
		timeline, err := s.timeline(c, contactSubject(contact.ID, contact.Name), "", "")
		if err != nil {
			return err
		}
		props.Timeline = &timeline
	}
	frame := s.frame(c, contact.Name+" · Contacts", "contacts")
	frame.Notice = doneNotice(c, "contact", "/contacts")
	return show(c, contacts.RecordPage(frame, props), contacts.Record(props))
}

// contactNeighbours reads the list that the contact was opened from in the address,
// and who stands beside it there.
func (s *server) contactNeighbours(c *fiber.Ctx, id uuid.UUID) (record.Neighbours, error) {
	if !c.Context().QueryArgs().Has("list") {
		return record.Neighbours{}, nil
	}
	p, _ := mw.Principal(c)
	query, err := url.ParseQuery(c.Query("list"))
	if err != nil {
		return record.Neighbours{}, apperr.Wrap(err, apperr.InvalidInput, "The address names a list that cannot be read.")
	}
	at := list.Address{Text: query.Get("q"), Filter: query.Get("filter"), Sort: query.Get("sort"), Cursor: query.Get("cursor"), View: query.Get("view")}
	prev, next, err := s.CRM.ContactNeighbours(c.UserContext(), p, contactQuery(at), id)
	if err != nil {
		return record.Neighbours{}, err
	}
	return contacts.Listed.Neighbours(at, prev, next), nil
}

// readContact reads the contact of the address, and whether it may be changed.
func (s *server) readContact(c *fiber.Ctx) (crm.Contact, bool, error) {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return crm.Contact{}, false, err
	}
	contact, err := s.CRM.Contact(c.UserContext(), p, id)
	if err != nil {
		return crm.Contact{}, false, err
	}
	if err := s.paintTags(c, p); err != nil {
		return crm.Contact{}, false, err
	}
	mayChange, err := s.CRM.MayChange(c.UserContext(), p, id)
	return contact, mayChange, err
}

func contactProps(c *fiber.Ctx, contact crm.Contact, mayChange bool) contacts.RecordProps {
	p, _ := mw.Principal(c)
	return contacts.RecordProps{
		Contact: contact, MayChange: mayChange, MayGive: mayChange && mayGive(p), MayDelete: mayChange && p.Can(auth.ContactsDelete), CSRF: mw.Token(c),
	}
}

// editContactField opens the editor of one field, or gives back its value. Without
// htmx it leads to the form.
func (s *server) editContactField(c *fiber.Ctx) error {
	field, ok := contacts.FindField(c.Params("field"))
	if !ok {
		return apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	contact, mayChange, err := s.readContact(c)
	if err != nil {
		return err
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/contacts/"+contact.ID.String()+"/edit?field="+field.Name)
	}
	if c.Query("show") == "value" {
		return respond.Render(c, contacts.Fact(contactProps(c, contact, mayChange), field.Name))
	}
	if !mayChange {
		return apperr.New(apperr.NoPermission, "You may see this contact but not change it.")
	}
	values := contacts.ValuesOf(contact)
	return s.showContactEditor(c, contact.ID, record.EditorProps{FactProps: record.FactProps{Field: field}, Value: *values.At(field.Name), Version: contact.Version})
}

// showContactEditor adds what there is to choose from.
func (s *server) showContactEditor(c *fiber.Ctx, id uuid.UUID, e record.EditorProps) error {
	p, _ := mw.Principal(c)
	e.Base, e.CSRF = "/contacts/"+id.String(), mw.Token(c)
	if e.Name == "ownerId" {
		var err error
		if e.Options, err = s.ownerOptions(c, p, true); err != nil {
			return err
		}
	}
	return respond.Render(c, record.Editor(e))
}

// updateContactField saves one field.
func (s *server) updateContactField(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	field, ok := contacts.FindField(c.Params("field"))
	if !ok {
		return apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	id, err := pathID(c)
	if err != nil {
		return err
	}
	version, err := formVersion(c)
	if err != nil {
		return err
	}
	value := chosen(c, field.Name)
	if day, ok := contacts.QuickDay(c.FormValue("quick"), s.Now().In(p.Location())); ok && field.Type == "date" {
		value = day
	}
	editor := record.EditorProps{FactProps: record.FactProps{Field: field}, Value: value, Version: version}
	patch, err := contactFieldPatch(field.Name, value)
	if err != nil {
		return s.refuseContactField(c, id, editor, err)
	}
	var alone contacts.Values
	*alone.At(field.Name) = value
	found, warn, err := s.unaccepted(c, alone, id)
	if err != nil {
		return err
	}
	if warn && respond.IsPartial(c) {
		editor.Doubles = found
		c.Status(fiber.StatusConflict)
		return s.showContactEditor(c, id, editor)
	}
	contact, err := s.CRM.MergeContact(c.UserContext(), p, id, patch, version)
	if err != nil {
		return s.refuseContactField(c, id, editor, err)
	}
	joined := contact.Version > version+1
	if !respond.IsPartial(c) {
		return leaveTo(c, "/contacts/"+id.String()+"?done="+savedWord(joined))
	}
	if err := s.paintTags(c, p); err != nil {
		return err
	}
	c.Set("HX-Trigger", recordChanged)
	mayChange, err := s.CRM.MayChange(c.UserContext(), p, id) // it may have been given away
	if err != nil {
		return err
	}
	props := contactProps(c, contact, mayChange)
	if joined || field.Name == "ownerId" {
		c.Set("HX-Reswap", "none")
		return respond.Render(c, contacts.Saved(props, savedNotice(contact.Name, joined)))
	}
	return respond.Render(c, contacts.FactSaved(props, field.Name))
}

// refuseContactField shows the editor again with the reason.
func (s *server) refuseContactField(c *fiber.Ctx, id uuid.UUID, e record.EditorProps, err error) error {
	refused := apperr.From(err)
	if refused.Code == apperr.Conflict {
		form := contacts.FormProps{ID: id, Version: e.Version}
		if err := s.contactClashes(c, &form, err); err != nil {
			return err
		}
		e.Clashes, e.Version = form.Clashes, form.Version
	}
	if !respond.IsPartial(c) || !correctable(refused) {
		return err
	}
	if refused.Code != apperr.Conflict {
		e.Error = refused.Field(e.Name)
		if e.Error == "" { // another field is to blame: the last of the names was emptied, say
			e.Error = respond.Sentence(refused)
		}
	}
	c.Status(respond.Status(refused.Code))
	return s.showContactEditor(c, id, e)
}

// contactClashes turns a conflict into what the form asks about: form has then the
// values of both sides together, from the current version on.
func (s *server) contactClashes(c *fiber.Ctx, form *contacts.FormProps, err error) error {
	conflict, ok := errors.AsType[*crm.ContactConflict](err)
	if !ok {
		return err
	}
	p, _ := mw.Principal(c)
	current, err := s.CRM.Contact(c.UserContext(), p, form.ID)
	if err != nil {
		return err
	}
	since, err := s.CRM.ContactChangesSince(c.UserContext(), p, form.ID, form.Version)
	if err != nil {
		return err
	}
	owners, err := s.ownerOptions(c, p, true)
	if err != nil {
		return err
	}
	form.Values, form.Version = contacts.ValuesOfInput(conflict.Merged), current.Version
	form.Clashes = contacts.Clashes(conflict.Fields, form.Values, contacts.ValuesOf(current), since, owners)
	return nil
}

func (s *server) showContactHistory(c *fiber.Ctx) error {
	contact, mayChange, err := s.readContact(c)
	if err != nil {
		return err
	}
	p, _ := mw.Principal(c)
	props := contactProps(c, contact, mayChange)
	if props.History, err = s.CRM.ContactHistory(c.UserContext(), p, contact.ID, c.Query("cursor")); err != nil {
		return err
	}
	return show(c, contacts.HistoryPage(s.frame(c, "History · "+contact.Name, "contacts"), props), record.History(contacts.HistoryProps(props, props.History)))
}

// putBackContact gives a field the value that it had before an entry of the history.
func (s *server) putBackContact(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	entry, err := uuid.Parse(c.Params("entry"))
	if err != nil {
		return apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	contact, err := s.CRM.PutBackContact(c.UserContext(), p, id, entry, c.Params("field"))
	if err != nil {
		return err
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/contacts/"+id.String()+"?done=saved")
	}
	if err := s.paintTags(c, p); err != nil {
		return err
	}
	mayChange, err := s.CRM.MayChange(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	c.Set("HX-Trigger", recordChanged)
	return respond.Render(c, contacts.Saved(contactProps(c, contact, mayChange), "The value was put back."))
}
