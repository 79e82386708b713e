package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/crm"
)

const companiesTag = "Companies"

// Company is a company by name.
type Company struct {
	ID   uuid.UUID `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c45"`
	Name string    `json:"name" example:"Rao Traders"`
}

type suggestCompaniesInput struct {
	Reader
	Query string `query:"q" maxLength:"200" doc:"Part of the name" example:"rao"`
}

// maxSuggestions is how many companies are suggested at most.
const maxSuggestions = 20

func (o *operations) companies(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/companies", "suggest-companies", companiesTag, "Suggest companies",
		`Up to 20 companies whose name holds the text, for a picker.`), o.suggestCompanies)
}

func (o *operations) suggestCompanies(ctx context.Context, in *suggestCompaniesInput) (*listAnswer[Company], error) {
	found, err := o.CRM.SuggestCompanies(ctx, in.principal, in.Query)
	if err != nil {
		return nil, err
	}
	list := each(found, func(c crm.Company) Company { return Company{ID: c.ID, Name: c.Name} })
	return &listAnswer[Company]{Body: List[Company]{Data: list, Meta: Meta{Limit: maxSuggestions}}}, nil
}
