package contacts

import (
	"cmp"
	"net/url"

	"payaid/internal/crm"
	"payaid/views/record"
	"payaid/views/ui"
)

// TrashURL is the address of the trash.
const TrashURL = "/contacts/trash"

// TrashProps describe one page of the trash.
func TrashProps(page crm.ContactPage, csrf string) record.TrashProps {
	p := record.TrashProps{What: "contacts", Prev: trashPage(page.Prev), Next: trashPage(page.Next), CSRF: csrf}
	for _, c := range page.Contacts {
		p.Rows = append(p.Rows, record.TrashRow{Base: recordURL(c.ID), Name: c.Name, Note: cmp.Or(c.Email, ui.FormatPhone(c.Phone)), Owner: c.Owner, DeletedAt: *c.DeletedAt})
	}
	return p
}

func trashPage(cursor string) string {
	if cursor == "" {
		return ""
	}
	return TrashURL + "?cursor=" + url.QueryEscape(cursor)
}

// RestoreProps describe a contact whose e-mail is taken; typed is what was tried, error why it was refused.
func RestoreProps(c crm.Contact, found record.DuplicatesProps, typed, message, csrf string) record.RestoreProps {
	found.Advice = "Restore this one with another e-mail, or without."
	return record.RestoreProps{
		Base: recordURL(c.ID), Name: c.Name, Label: "E-mail", Field: "email", Value: typed, Error: message, Doubles: found, Cancel: TrashURL, CSRF: csrf,
	}
}
