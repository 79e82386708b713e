package api

import (
	"context"
	"io"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/crm"
	"payaid/internal/listing"
)

const companiesTag = "Companies"

// CompanyPath is the part of an input that names a company.
type CompanyPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The company's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c45"`
}

// CompanyFilter is the part of an input that chooses companies.
type CompanyFilter struct {
	Query  string `query:"q" maxLength:"200" doc:"Part of the name, the e-mail, the phone number, the GSTIN or the website; one or two letters begin a word. When nothing holds it, what comes close" example:"rao"`
	Filter string `query:"filter" maxLength:"2000" doc:"Conditions on fields in the language that the list of contacts describes. Fields: type, industry, owner (an e-mail, me), team, tag, parent (a name), city, state (a code of GST), email, phone, website, gstin, annualRevenue (in rupees), employees, createdAt, updatedAt. A filter that cannot be read is 400 INVALID_INPUT and says where" example:"type:customer employees:50.."`
	Sort   string `query:"sort" enum:"name,-name,annualRevenue,-annualRevenue,employees,-employees,createdAt,-createdAt,updatedAt,-updatedAt" default:"name" doc:"The order, with - in front for descending. What is unknown comes before every number" example:"-annualRevenue"`
}

func (f CompanyFilter) query() listing.Query {
	return listing.Query{Text: f.Query, Filter: f.Filter, Sort: f.Sort}
}

type listCompaniesInput struct {
	Reader
	CompanyFilter
	Paging
}

type exportCompaniesInput struct {
	Caller
	CompanyFilter
	Format string `query:"format" enum:"csv,xlsx" default:"csv" doc:"Kind of file"`
}

type getCompanyInput struct {
	Reader
	CompanyPath
}

type createCompanyInput struct {
	Writer
	Body CompanyFields
}

type updateCompanyInput struct {
	Change
	CompanyPath
	Body CompanyFields
}

type changeCompanyInput struct {
	Change
	CompanyPath
}

func (o *operations) companies(api huma.API) {
	huma.Register(api, exportOperation("/companies/export", "export-companies", companiesTag, "Export companies",
		`All companies of the filter as CSV that spreadsheets open as it is: UTF-8 with a byte order mark, formulas made harmless.`,
		"Name,Parent,Type\r\nRao Traders,,customer\r\n", crm.CompanyExportFormats), o.exportCompanies) // before the company whose id might read "export"
	o.companyDuplicates(api)
	huma.Register(api, operation(fiber.MethodGet, "/companies/trash", "list-deleted-companies", companiesTag, "List the trash",
		`One page of the companies in the trash that you may see, those deleted last first. Needs the right to delete companies.`), o.listDeletedCompanies)
	huma.Register(api, operation(fiber.MethodGet, "/companies", "list-companies", companiesTag, "List companies",
		`One page of the companies that you may see. The deepest page costs what the first one costs: follow nextCursor until it is null.`, 400), o.listCompanies)
	huma.Register(api, created(operation(fiber.MethodPost, "/companies", "create-company", companiesTag, "Create a company",
		`Adds a company. Its name must be known, and unlike that of the others.`, 400, 415)), o.createCompany)
	huma.Register(api, operation(fiber.MethodGet, "/companies/{id}", "get-company", companiesTag, "Read a company",
		`One company that is not in the trash.`, 404), o.getCompany)
	huma.Register(api, operation(fiber.MethodPatch, "/companies/{id}", "update-company", companiesTag, "Change a company",
		`Changes the fields that are sent and leaves the others as they are. null or "" empties a field. Its contacts show a new name at once.`, 400, 404, 412, 415), o.updateCompany)
	huma.Register(api, operation(fiber.MethodDelete, "/companies/{id}", "delete-company", companiesTag, "Move a company to the trash",
		`The company disappears from lists and can be restored; its contacts stay and show no company until then. Doing it again changes nothing. The answer is the company as it lies in the trash.`, 404, 412), o.deleteCompany)
	huma.Register(api, operation(fiber.MethodPost, "/companies/{id}/restore", "restore-company", companiesTag, "Restore a company",
		`Takes a company out of the trash. When its name belongs to another company by now, that is 409. Doing it again changes nothing.`, 404, 412), o.restoreCompany)
}

func (o *operations) listCompanies(ctx context.Context, in *listCompaniesInput) (*listAnswer[Company], error) {
	q := in.query()
	q.Cursor, q.Limit = in.Cursor, in.size()
	page, err := o.CRM.Companies(ctx, in.principal, q)
	if err != nil {
		return nil, err
	}
	return pageOf(page, in.Limit, companyOf), nil
}

func (o *operations) listDeletedCompanies(ctx context.Context, in *listDeletedInput) (*listAnswer[Company], error) {
	page, err := o.CRM.CompanyRecords().Trash(ctx, in.principal, in.Cursor, in.size())
	if err != nil {
		return nil, err
	}
	return trashPage(page, in.Limit, companyOf), nil
}

func (o *operations) exportCompanies(_ context.Context, in *exportCompaniesInput) (*huma.StreamResponse, error) {
	p, q := in.principal, in.query()
	return o.export("companies", in.Format, func(ctx context.Context, w io.Writer) error {
		return o.CRM.ExportCompanies(ctx, p, q, nil, in.Format, w)
	}), nil
}

func (o *operations) createCompany(ctx context.Context, in *createCompanyInput) (*createdAnswer[Company], error) {
	c, err := o.CRM.CreateCompany(ctx, in.principal, in.Body.input())
	if err != nil {
		return nil, err
	}
	return createdAt(Prefix+"/companies/"+c.ID.String(), companyOf(c), c.Version), nil
}

func (o *operations) getCompany(ctx context.Context, in *getCompanyInput) (*recordAnswer[Company], error) {
	return companyAnswer(o.CRM.Company(ctx, in.principal, in.ID))
}

func (o *operations) updateCompany(ctx context.Context, in *updateCompanyInput) (*recordAnswer[Company], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return companyAnswer(o.CRM.UpdateCompany(ctx, in.principal, in.ID, in.Body.patch(), version))
}

func (o *operations) deleteCompany(ctx context.Context, in *changeCompanyInput) (*recordAnswer[Company], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return companyAnswer(o.CRM.DeleteCompany(ctx, in.principal, in.ID, version))
}

func (o *operations) restoreCompany(ctx context.Context, in *changeCompanyInput) (*recordAnswer[Company], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return companyAnswer(o.CRM.RestoreCompany(ctx, in.principal, in.ID, version))
}

func companyAnswer(c crm.Company, err error) (*recordAnswer[Company], error) {
	if err != nil {
		return nil, err
	}
	return recordOf(companyOf(c), c.Version), nil
}
