package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/crm"
)

// DuplicateCheck is the answer to a question for duplicates.
type DuplicateCheck struct {
	Duplicates []Duplicate `json:"duplicates" nullable:"false"`
}

// Duplicate is another record that is known by the same.
type Duplicate struct {
	Fields []string   `json:"fields" nullable:"false" enum:"name,email,phone,gstin,website" example:"phone" doc:"What both have"`
	ID     *uuid.UUID `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c44" doc:"null when there is one that you may not see"`
	Name   *string    `json:"name" example:"Asha Rao" doc:"null when there is one that you may not see"`
}

func duplicateOf(d crm.Duplicate) Duplicate {
	out := Duplicate{Fields: d.Fields}
	if d.Visible {
		out.ID, out.Name = &d.ID, &d.Name
	}
	return out
}

type contactDuplicatesInput struct {
	Reader
	Email string `query:"email" maxLength:"320" doc:"The e-mail that a contact is to have" example:"asha@example.in"`
	Phone string `query:"phone" maxLength:"100" doc:"The phone number, in any usual form" example:"98765 43210"`
	GSTIN string `query:"gstin" maxLength:"100" doc:"The GSTIN; its check character is verified" example:"27AAPFU0939F1ZV"`
	ID    string `query:"id" format:"uuid" doc:"The contact that is to be changed: itself, and what it is known by already, is not found" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c44"`
}

type companyDuplicatesInput struct {
	Reader
	Name    string `query:"name" maxLength:"200" doc:"The name that a company is to have" example:"Rao Traders"`
	Email   string `query:"email" maxLength:"320" doc:"Its e-mail" example:"sales@rao.example.in"`
	Phone   string `query:"phone" maxLength:"100" doc:"Its phone number, in any usual form" example:"98765 43210"`
	GSTIN   string `query:"gstin" maxLength:"100" doc:"Its GSTIN; the check character is verified" example:"27AAPFU0939F1ZV"`
	Website string `query:"website" maxLength:"500" doc:"Its website; http, https, www. and what stands behind the path make no difference" example:"rao.example.in"`
	ID      string `query:"id" format:"uuid" doc:"The company that is to be changed: itself, and what it is known by already, is not found" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c45"`
}

func (o *operations) contactDuplicates(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/contacts/duplicates", "find-contact-duplicates", contactsTag, "Look for duplicates before saving",
		`Contacts that share an e-mail, a phone or a GSTIN with what is to be saved, a few for each. Nothing is changed. It is a warning: only the e-mail has to be unique among the contacts outside the trash. Needs the right to write contacts.`, 404), o.findContactDuplicates)
}

func (o *operations) companyDuplicates(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/companies/duplicates", "find-company-duplicates", companiesTag, "Look for duplicates before saving",
		`Companies that share a name, an e-mail, a phone, a GSTIN or a website with what is to be saved, a few for each. Nothing is changed. It is a warning: only the name has to be unique among the companies outside the trash. Needs the right to write companies.`, 404), o.findCompanyDuplicates)
}

func (o *operations) findContactDuplicates(ctx context.Context, in *contactDuplicatesInput) (*readAnswer[DuplicateCheck], error) {
	return findDuplicates(ctx, in.principal, in.ID, crm.DuplicateQuery{Email: in.Email, Phone: in.Phone, GSTIN: in.GSTIN}, o.CRM.ContactRecords().Duplicates)
}

func (o *operations) findCompanyDuplicates(ctx context.Context, in *companyDuplicatesInput) (*readAnswer[DuplicateCheck], error) {
	ask := crm.DuplicateQuery{Name: in.Name, Email: in.Email, Phone: in.Phone, GSTIN: in.GSTIN, Website: in.Website}
	return findDuplicates(ctx, in.principal, in.ID, ask, o.CRM.CompanyRecords().Duplicates)
}

func findDuplicates(ctx context.Context, p auth.Principal, id string, ask crm.DuplicateQuery, find func(context.Context, auth.Principal, crm.DuplicateQuery) ([]crm.Duplicate, error)) (*readAnswer[DuplicateCheck], error) {
	of, err := optionalID(id, "id")
	if err != nil {
		return nil, err
	}
	if of != nil {
		ask.Of = *of
	}
	found, err := find(ctx, p, ask)
	if err != nil {
		return nil, err
	}
	return &readAnswer[DuplicateCheck]{Body: Record[DuplicateCheck]{Data: DuplicateCheck{Duplicates: each(found, duplicateOf)}}}, nil
}
