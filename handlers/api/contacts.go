package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/crm"
)

const contactsTag = "Contacts"

// ContactPath is the part of an input that names a contact.
type ContactPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The contact's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c44"`
}

// ContactFilter is the part of an input that chooses contacts.
type ContactFilter struct {
	Query  string `query:"q" maxLength:"200" doc:"Part of a name, an e-mail, a phone number or a company's name; one or two letters begin a word. When nothing holds it, what comes close" example:"asha"`
	Filter string `query:"filter" maxLength:"2000" doc:"Conditions on fields, such as stage:customer,contact owner:me -tag:vip (leadScore:50.. or createdAt:last-30-days). A condition is field:value, with commas between values of which one has to hold. Conditions side by side all have to hold, or stands between alternatives, - or not before what must not hold, parentheses around what belongs together. Fields: stage, status, warmth, owner (an e-mail, me), team, tag, source, company, jobTitle, email, phone, gstin, leadScore (50, 50.., ..20, 20..80), createdAt, updatedAt, lastContactedAt, nextFollowUp (2026-11-22, 2026-11, today, yesterday, tomorrow, this-week, last-week, next-week, this-month, last-month, next-month, last-30-days, next-7-days, ranges with ..). none and any tell whether a field is empty. Texts with spaces stand in double quotes. At most 40 conditions. A filter that cannot be read is 400 INVALID_INPUT and says where" example:"stage:customer -tag:vip"`
	Stage  string `query:"stage" enum:"prospect,contact,customer" doc:"Only contacts of this stage" example:"customer"`
	Status string `query:"status" enum:"active,inactive,lost" doc:"Only contacts of this status" example:"active"`
	Sort   string `query:"sort" enum:"name,-name,email,-email,company,-company,leadScore,-leadScore,lastContactedAt,-lastContactedAt,nextFollowUp,-nextFollowUp,createdAt,-createdAt,updatedAt,-updatedAt" default:"name" doc:"The order, with - in front for descending. Never contacted comes before every date, no follow-up behind" example:"-createdAt"`
}

func (f ContactFilter) filter() crm.ContactFilter {
	return crm.ContactFilter{Query: f.Query, Filter: f.Filter, Stage: f.Stage, Status: f.Status, Sort: f.Sort}
}

// Paging is the part of an input that chooses a page.
type Paging struct {
	Cursor string `query:"cursor" doc:"nextCursor or prevCursor of another page of the same list; left out for the first page"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"25" doc:"Records a page has at most"`
}

// size returns the limit as areas take it: they read 0 as "not said", which here
// was said and is refused like any other number out of range.
func (p Paging) size() int {
	if p.Limit == 0 {
		return -1
	}
	return p.Limit
}

type listContactsInput struct {
	Reader
	ContactFilter
	Paging
	Total bool `query:"total" default:"true" doc:"Whether to count the whole list, which in a large one costs more than the page"`
}

type listDeletedInput struct {
	Reader
	Paging
}

type getContactInput struct {
	Reader
	ContactPath
}

type createContactInput struct {
	Writer
	Body ContactFields
}

type updateContactInput struct {
	Change
	ContactPath
	Body ContactFields
}

type changeContactInput struct {
	Change
	ContactPath
}

func (o *operations) contacts(api huma.API) {
	huma.Register(api, answersWith[List[Contact]](api, operation(fiber.MethodGet, "/contacts", "list-contacts", contactsTag, "List contacts",
		`One page of the contacts that you may see. The deepest page costs what the first one costs: follow nextCursor until it is null.`, 400)), o.listContacts)
	huma.Register(api, created(operation(fiber.MethodPost, "/contacts", "create-contact", contactsTag, "Create a contact",
		`Adds a contact. At least one of the names, the e-mail and the phone must be known. A company that does not exist yet is made.`, 400, 415)), o.createContact)
	huma.Register(api, operation(fiber.MethodGet, "/contacts/{id}", "get-contact", contactsTag, "Read a contact",
		`One contact that is not in the trash.`, 404), o.getContact)
	huma.Register(api, operation(fiber.MethodPatch, "/contacts/{id}", "update-contact", contactsTag, "Change a contact",
		`Changes the fields that are sent and leaves the others as they are. null or "" empties a field.`, 400, 404, 412, 415), o.updateContact)
	huma.Register(api, operation(fiber.MethodDelete, "/contacts/{id}", "delete-contact", contactsTag, "Move a contact to the trash",
		`The contact disappears from lists and can be restored. Doing it again changes nothing. The answer is the contact as it lies in the trash.`, 404, 412), o.deleteContact)
	huma.Register(api, operation(fiber.MethodPost, "/contacts/{id}/restore", "restore-contact", contactsTag, "Restore a contact",
		`Takes a contact out of the trash. When its e-mail belongs to another contact by now, that is 409. Doing it again changes nothing.`, 404, 412), o.restoreContact)
}

// contactTrash stands before the contact whose id might read "trash".
func (o *operations) contactTrash(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/contacts/trash", "list-deleted-contacts", contactsTag, "List the trash",
		`One page of the contacts in the trash that you may see, those deleted last first. Needs the right to delete contacts.`), o.listDeletedContacts)
}

func (o *operations) listDeletedContacts(ctx context.Context, in *listDeletedInput) (*listAnswer[Contact], error) {
	page, err := o.CRM.ContactRecords().Trash(ctx, in.principal, in.Cursor, in.size())
	if err != nil {
		return nil, err
	}
	return trashPage(page, in.Limit, contactOf), nil
}

func (o *operations) listContacts(ctx context.Context, in *listContactsInput) (*renderedAnswer, error) {
	f := in.filter()
	f.Cursor, f.Limit, f.NoTotal = in.Cursor, in.size(), !in.Total
	kept, err := o.CRM.RenderedContacts(ctx, in.principal, f, renderedForm, func(page crm.ContactPage) ([]byte, error) {
		meta := Meta{Limit: f.Limit, NextCursor: cursor(page.Next), PrevCursor: cursor(page.Prev)}
		if in.Total {
			meta.Total, meta.TotalCapped = &page.Total, &page.Capped
		}
		return rendered(List[Contact]{Data: each(page.Contacts, contactOf), Meta: meta})
	})
	if err != nil {
		return nil, err
	}
	return sendRendered(kept), nil
}

func (o *operations) createContact(ctx context.Context, in *createContactInput) (*createdAnswer[Contact], error) {
	c, err := o.CRM.CreateContact(ctx, in.principal, in.Body.input())
	if err != nil {
		return nil, err
	}
	return createdAt(Prefix+"/contacts/"+c.ID.String(), contactOf(c), c.Version), nil
}

func (o *operations) getContact(ctx context.Context, in *getContactInput) (*recordAnswer[Contact], error) {
	return contactAnswer(o.CRM.Contact(ctx, in.principal, in.ID))
}

func (o *operations) updateContact(ctx context.Context, in *updateContactInput) (*recordAnswer[Contact], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return contactAnswer(o.CRM.UpdateContact(ctx, in.principal, in.ID, in.Body.patch(), version))
}

func (o *operations) deleteContact(ctx context.Context, in *changeContactInput) (*recordAnswer[Contact], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return contactAnswer(o.CRM.DeleteContact(ctx, in.principal, in.ID, version))
}

func (o *operations) restoreContact(ctx context.Context, in *changeContactInput) (*recordAnswer[Contact], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return contactAnswer(o.CRM.RestoreContact(ctx, in.principal, in.ID, version))
}

func contactAnswer(c crm.Contact, err error) (*recordAnswer[Contact], error) {
	if err != nil {
		return nil, err
	}
	return recordOf(contactOf(c), c.Version), nil
}
