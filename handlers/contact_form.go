package handlers

import (
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/crm"
	"payaid/views/contacts"
	"payaid/views/ui"
)

func (s *server) newContact(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	return s.showContactForm(c, contacts.FormProps{Values: contacts.Values{Owner: p.UserID.String()}})
}

func (s *server) createContact(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	form := contacts.FormProps{Values: contactValues(c)}
	in, err := contactInput(form.Values)
	if err != nil {
		return s.refuseContactForm(c, form, err)
	}
	if shown, err := s.warnedOfDuplicates(c, form); shown || err != nil {
		return err
	}
	contact, err := s.CRM.CreateContact(c.UserContext(), p, in)
	if err != nil {
		return s.refuseContactForm(c, form, err)
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/contacts/"+contact.ID.String()+"?done=created")
	}
	c.Set("HX-Trigger", "closeModal, contactsChanged")
	c.Set("HX-Reswap", "none")
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: contact.Name + " was added."}))
}

func (s *server) editContact(c *fiber.Ctx) error {
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
	if !mayChange {
		return apperr.New(apperr.NoPermission, "You may see this contact but not change it.")
	}
	return s.showContactForm(c, contacts.FormProps{ID: id, Version: contact.Version, Values: contacts.ValuesOf(contact), Focus: c.Query("field")})
}

func (s *server) updateContact(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	form := contacts.FormProps{ID: id, Values: contactValues(c)}
	if form.Version, err = formVersion(c); err != nil {
		return err
	}
	patch, err := contactPatch(form.Values)
	if err != nil {
		return s.refuseContactForm(c, form, err)
	}
	if shown, err := s.warnedOfDuplicates(c, form); shown || err != nil {
		return err
	}
	contact, err := s.CRM.MergeContact(c.UserContext(), p, id, patch, form.Version)
	if err != nil {
		return s.refuseContactForm(c, form, err)
	}
	joined := contact.Version > form.Version+1
	if !respond.IsPartial(c) {
		return leaveTo(c, "/contacts/"+id.String()+"?done="+savedWord(joined))
	}
	if err := s.paintTags(c, p); err != nil {
		return err
	}
	c.Set("HX-Trigger", "closeModal, "+recordChanged)
	c.Set("HX-Reswap", "none")
	return respond.Render(c, contacts.Saved(contactProps(c, contact, true), savedNotice(contact.Name, joined)))
}

// warnedOfDuplicates shows the form again, once, when other contacts are known by the
// same.
func (s *server) warnedOfDuplicates(c *fiber.Ctx, form contacts.FormProps) (shown bool, err error) {
	found, warn, err := s.unaccepted(c, form.Values, form.ID)
	if err != nil || !warn {
		return false, err
	}
	form.Doubles = found
	c.Status(fiber.StatusConflict)
	return true, s.showContactForm(c, form)
}

// refuseContactForm shows the form again, with what was typed and why it was not
// taken.
func (s *server) refuseContactForm(c *fiber.Ctx, form contacts.FormProps, err error) error {
	e := apperr.From(err)
	switch e.Code {
	case apperr.Validation, apperr.AlreadyExists:
		form.Errors = fieldErrors(e)
	case apperr.Conflict:
		if err := s.contactClashes(c, &form, err); err != nil {
			return err
		}
	default:
		return err
	}
	c.Status(respond.Status(e.Code))
	return s.showContactForm(c, form)
}

// showContactForm adds what there is to choose from.
func (s *server) showContactForm(c *fiber.Ctx, form contacts.FormProps) error {
	p, _ := mw.Principal(c)
	var err error
	if form.Owners, err = s.ownerOptions(c, p, form.ID != uuid.Nil); err != nil {
		return err
	}
	if form.Companies, err = s.companyNames(c, p, ""); err != nil {
		return err
	}
	if form.Tags, err = s.CRM.SuggestTags(c.UserContext(), p, ""); err != nil {
		return err
	}
	form.CSRF, form.Dialog = mw.Token(c), respond.IsPartial(c)
	title := "New contact"
	if form.ID != uuid.Nil {
		title = "Edit contact"
	}
	return show(c, contacts.FormPage(s.frame(c, title, "contacts"), form), contacts.Form(form))
}

func contactValues(c *fiber.Ctx) contacts.Values {
	f := func(name string) string { return chosen(c, name) }
	return contacts.Values{
		FirstName: f("firstName"), LastName: f("lastName"), Email: f("email"), Phone: f("phone"), Company: f("company"), JobTitle: f("jobTitle"),
		Source: f("source"), Address: f("address"), GSTIN: f("gstin"), Notes: f("notes"), Tags: f("tags"), Stage: f("stage"), Status: f("status"),
		Warmth: f("warmth"), NextFollowUp: f("nextFollowUp"), Owner: f("ownerId"),
	}
}

func contactInput(v contacts.Values) (crm.ContactInput, error) {
	owner, err := formOwner(v.Owner)
	return crm.ContactInput{
		FirstName: v.FirstName, LastName: v.LastName, Email: v.Email, Phone: v.Phone, Company: v.Company, JobTitle: v.JobTitle, Source: v.Source,
		Address: v.Address, GSTIN: v.GSTIN, Notes: v.Notes, Tags: strings.Split(v.Tags, ","), Stage: v.Stage, Status: v.Status, Warmth: v.Warmth,
		NextFollowUp: v.NextFollowUp, OwnerID: owner,
	}, err
}

// contactPatch changes every field of the form.
func contactPatch(v contacts.Values) (crm.ContactPatch, error) {
	owner, err := formOwner(v.Owner)
	tags := strings.Split(v.Tags, ",")
	return crm.ContactPatch{
		FirstName: &v.FirstName, LastName: &v.LastName, Email: &v.Email, Phone: &v.Phone, Company: &v.Company, JobTitle: &v.JobTitle,
		Source: &v.Source, Address: &v.Address, GSTIN: &v.GSTIN, Notes: &v.Notes, Tags: &tags, Stage: &v.Stage, Status: &v.Status,
		Warmth: &v.Warmth, NextFollowUp: &v.NextFollowUp, OwnerID: owner,
	}, err
}

// contactFieldPatch changes one field to what was typed.
func contactFieldPatch(name, value string) (crm.ContactPatch, error) {
	var one contacts.Values
	*one.At(name) = value
	whole, err := contactPatch(one)
	if err != nil {
		return crm.ContactPatch{}, err
	}
	switch name {
	case "firstName":
		return crm.ContactPatch{FirstName: whole.FirstName}, nil
	case "lastName":
		return crm.ContactPatch{LastName: whole.LastName}, nil
	case "email":
		return crm.ContactPatch{Email: whole.Email}, nil
	case "phone":
		return crm.ContactPatch{Phone: whole.Phone}, nil
	case "company":
		return crm.ContactPatch{Company: whole.Company}, nil
	case "jobTitle":
		return crm.ContactPatch{JobTitle: whole.JobTitle}, nil
	case "source":
		return crm.ContactPatch{Source: whole.Source}, nil
	case "address":
		return crm.ContactPatch{Address: whole.Address}, nil
	case "gstin":
		return crm.ContactPatch{GSTIN: whole.GSTIN}, nil
	case "notes":
		return crm.ContactPatch{Notes: whole.Notes}, nil
	case "tags":
		return crm.ContactPatch{Tags: whole.Tags}, nil
	case "stage":
		return crm.ContactPatch{Stage: whole.Stage}, nil
	case "status":
		return crm.ContactPatch{Status: whole.Status}, nil
	case "warmth":
		return crm.ContactPatch{Warmth: whole.Warmth}, nil
	case "nextFollowUp":
		return crm.ContactPatch{NextFollowUp: whole.NextFollowUp}, nil
	case "ownerId":
		return crm.ContactPatch{OwnerID: whole.OwnerID}, nil
	case "lastContactedAt":
		return contactedPatch(value)
	}
	score, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil {
		var f apperr.Fields
		f.Add("leadScore", "Choose a number from 0 to 100.")
		return crm.ContactPatch{}, f.Err()
	}
	return crm.ContactPatch{LeadScore: &score}, nil
}

// contactedPatch sets the last contact to the beginning of a day in India, as pages
// show days; "" is never.
func contactedPatch(day string) (crm.ContactPatch, error) {
	at := new(*time.Time)
	if day = strings.TrimSpace(day); day == "" {
		return crm.ContactPatch{LastContactedAt: at}, nil
	}
	begin, err := time.ParseInLocation(time.DateOnly, day, time.FixedZone("IST", 5*60*60+30*60))
	if err != nil {
		var f apperr.Fields
		f.Add("lastContactedAt", "Enter a date as YYYY-MM-DD.")
		return crm.ContactPatch{}, f.Err()
	}
	*at = &begin
	return crm.ContactPatch{LastContactedAt: at}, nil
}
