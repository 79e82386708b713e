package handlers

import (
	"context"
	"io"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
	"payaid/views/companies"
	"payaid/views/ui"
)

const (
	// peoplePage is how many people the page of a company shows at once.
	peoplePage = 10
	// partsShown is how many companies below it are shown; the list has the others.
	partsShown = 20
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

func (s *server) showCompany(c *fiber.Ctx) error {
	props, err := s.companyRecord(c)
	if err != nil {
		return err
	}
	if p, _ := mw.Principal(c); p.Can(auth.ActivitiesRead) {
		timeline, err := s.timeline(c, companySubject(props.Company.ID, props.Company.Name), "", "")
		if err != nil {
			return err
		}
		props.Timeline = &timeline
	}
	frame := s.frame(c, props.Company.Name+" · Companies", "companies")
	frame.Notice = doneNotice(c, "company", "/companies")
	return show(c, companies.RecordPage(frame, props), companies.Record(props))
}

// companyRecord reads a company with what stands around it.
func (s *server) companyRecord(c *fiber.Ctx) (companies.RecordProps, error) {
	p, _ := mw.Principal(c)
	ctx := c.UserContext()
	id, err := pathID(c)
	if err != nil {
		return companies.RecordProps{}, err
	}
	company, mayChange, err := s.CRM.CompanyRecord(ctx, p, id)
	if err != nil {
		return companies.RecordProps{}, err
	}
	if err := s.paintTags(c, p); err != nil {
		return companies.RecordProps{}, err
	}
	props := companies.RecordProps{
		Company: company, MayChange: mayChange, MayDelete: mayChange && p.Can(auth.CompaniesDelete), MaySee: p.Can(auth.ContactsRead), CSRF: mw.Token(c),
	}
	if props.People, err = s.CRM.People(ctx, p, id, listing.Query{Cursor: c.Query("people"), Limit: peoplePage}); err != nil {
		return props, err
	}
	if props.Parts, err = s.CRM.Subsidiaries(ctx, p, id, listing.Query{Limit: partsShown}); err != nil {
		return props, err
	}
	if company.Parent != "" {
		_, err := s.CRM.Company(ctx, p, *company.ParentID)
		if err != nil && !apperr.Is(err, apperr.NotFound) {
			return props, err
		}
		props.ParentOpen = err == nil
	}
	return props, nil
}

func (s *server) deleteCompany(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.CRM.DeleteCompany(c.UserContext(), p, id, nil); err != nil {
		return err
	}
	return leaveTo(c, "/companies?done=deleted&id="+id.String())
}

func (s *server) restoreCompany(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	company, err := s.CRM.RestoreCompany(c.UserContext(), p, id, nil)
	if err != nil {
		return err
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/companies/"+id.String()+"?done=restored")
	}
	c.Set("HX-Trigger", "companiesChanged")
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: company.Name + " was restored."}))
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
