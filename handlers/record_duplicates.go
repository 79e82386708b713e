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
	"payaid/views/record"
)

// warnOfDuplicates answers what stands below the fields while a form is filled in.
func (r recordPages[T, I, P]) warnOfDuplicates(c *fiber.Ctx) error {
	ask := record.Asks(func(name string) string { return c.Query(name) })
	if of := c.Query("of"); of != "" {
		id, err := uuid.Parse(of)
		if err != nil {
			return errNothingHere()
		}
		ask.Of = id
	}
	found, err := r.duplicates(c, ask)
	if err != nil {
		return err
	}
	return respond.Render(c, record.Duplicates(found))
}

// duplicates looks for records that are known by the same. What is no e-mail, phone
// or GSTIN at all is refused when the form is sent.
func (r recordPages[T, I, P]) duplicates(c *fiber.Ctx, ask crm.DuplicateQuery) (record.DuplicatesProps, error) {
	p, _ := mw.Principal(c)
	found, err := r.Duplicates(c.UserContext(), p, ask)
	if apperr.Is(err, apperr.Validation) {
		return r.entity.Duplicates(nil, ask), nil
	}
	return r.entity.Duplicates(found, ask), err
}

// unaccepted looks for duplicates that the sender of a form has not been warned of
// yet. What has to be unique is left out: saving refuses it.
func (r recordPages[T, I, P]) unaccepted(c *fiber.Ctx, v record.Values, of uuid.UUID) (found record.DuplicatesProps, warn bool, err error) {
	ask := record.Asks(func(name string) string {
		if name == r.entity.Unique {
			return ""
		}
		return v[name]
	})
	ask.Of = of
	found, err = r.duplicates(c, ask)
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
