package handlers

import (
	"cmp"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/auth"
	"payaid/views/record"
)

// suggestCompanies answers the choices below the company's field.
func (s *server) suggestCompanies(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	names, err := s.companyNames(c, p, cmp.Or(c.Query("q"), c.Query("company"), c.Query("parentId")))
	if err != nil {
		return err
	}
	return respond.Render(c, record.CompanyOptions(names))
}

func (s *server) companyNames(c *fiber.Ctx, p auth.Principal, q string) ([]string, error) {
	return s.CRM.SuggestCompanies(c.UserContext(), p, q)
}
