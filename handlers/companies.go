package handlers

import (
	"context"
	"io"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
	"payaid/views/companies"
)

// companyList is the list of companies for the handlers that all lists share.
var companyList = listed{Entity: companies.Listed, address: address(crm.CompanyFields)}

func (s *server) listCompanies(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	shared, to, err := s.openList(c, companyList)
	if err != nil {
		return err
	}
	if to != "" {
		return leaveTo(c, to)
	}
	q := shared.At.Query()
	q.Limit = shared.Look.PageSize
	page, err := s.CRM.Companies(c.UserContext(), p, q)
	if err != nil {
		return err
	}
	owners, err := s.ownerOptions(c, p, true)
	if err != nil {
		return err
	}
	props := companies.ListProps{
		Props: shared, Page: page, Owners: owners, MayCreate: p.Can(auth.CompaniesWrite), MayDelete: p.Can(auth.CompaniesDelete), MayExport: p.Can(auth.CompaniesExport),
		NoAccess: p.ReadScope(auth.Companies) == auth.ScopeNone,
	}
	pushURL(c, companies.Listed.URL(shared.At))
	frame := s.frame(c, "Companies", "companies")
	if frame.Notice, err = s.listNotice(c, companyList); err != nil {
		return err
	}
	return show(c, companies.ListPage(frame, props), companies.ResultsPart(props))
}

// exportCompanies streams the list's filter as a file.
func (s *server) exportCompanies(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	at, err := companyList.address(c)
	if err != nil {
		return err
	}
	return s.streamFile(c, "companies", func(ctx context.Context, format string, w io.Writer) error {
		return s.CRM.ExportCompanies(ctx, p, at.Query(), nil, format, w)
	})
}

func (s *server) exportSelectedCompanies(ctx context.Context, p auth.Principal, which selected, format string, w io.Writer) error {
	q := listing.Query{Text: which.Text, Filter: which.Filter, Sort: which.Sort}
	return s.CRM.ExportCompanies(ctx, p, q, which.IDs, format, w)
}
