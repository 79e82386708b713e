package handlers

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/crm"
	"payaid/views/contacts"
	"payaid/views/record"
)

// warnOfDuplicates answers what stands below the fields while a form is filled in.
func (s *server) warnOfDuplicates(c *fiber.Ctx) error {
	ask := crm.DuplicateQuery{Email: c.Query("email"), Phone: c.Query("phone"), GSTIN: c.Query("gstin")}
	if of := c.Query("of"); of != "" {
		id, err := uuid.Parse(of)
		if err != nil {
			return apperr.New(apperr.NotFound, "There is nothing at this address.")
		}
		ask.Of = id
	}
	found, err := s.duplicates(c, ask)
	if err != nil {
		return err
	}
	return respond.Render(c, record.Duplicates(found))
}

// duplicates looks for contacts that are known by the same. What is no e-mail, phone
// or GSTIN at all is refused when the form is sent.
func (s *server) duplicates(c *fiber.Ctx, ask crm.DuplicateQuery) (record.DuplicatesProps, error) {
	p, _ := mw.Principal(c)
	found, err := s.CRM.ContactDuplicates(c.UserContext(), p, ask)
	if apperr.Is(err, apperr.Validation) {
		return contacts.DuplicatesProps(nil, ask), nil
	}
	return contacts.DuplicatesProps(found, ask), err
}

// unaccepted looks for duplicates that the sender of a form has not been warned of
// yet. The e-mail is left out: it has to be unique, so saving refuses it.
func (s *server) unaccepted(c *fiber.Ctx, v contacts.Values, of uuid.UUID) (found record.DuplicatesProps, warn bool, err error) {
	found, err = s.duplicates(c, crm.DuplicateQuery{Phone: v.Phone, GSTIN: v.GSTIN, Of: of})
	if err != nil {
		return found, false, err
	}
	var accepted []string
	for _, a := range c.Request().PostArgs().PeekMulti("accepted") {
		accepted = append(accepted, strings.TrimSpace(string(a)))
	}
	warn = slices.ContainsFunc(found.Accepted, func(a string) bool { return !slices.Contains(accepted, a) })
	return found, warn, nil
}
