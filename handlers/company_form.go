package handlers

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/crm"
	"payaid/internal/money"
	"payaid/views/companies"
	"payaid/views/ui"
)

func (s *server) newCompany(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	return s.showCompanyForm(c, companies.FormProps{Values: companies.Values{Owner: p.UserID.String()}})
}

func (s *server) createCompany(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	form := companies.FormProps{Values: companyValues(c)}
	patch, err := companyPatch(form.Values)
	if err != nil {
		return s.refuseCompanyForm(c, form, err)
	}
	company, err := s.CRM.CreateCompany(c.UserContext(), p, patch.Input())
	if err != nil {
		return s.refuseCompanyForm(c, form, err)
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/companies/"+company.ID.String()+"?done=created")
	}
	c.Set("HX-Trigger", "closeModal, companiesChanged")
	c.Set("HX-Reswap", "none")
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: company.Name + " was added."}))
}

func (s *server) editCompany(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	company, mayChange, err := s.CRM.CompanyRecord(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	if !mayChange {
		return apperr.New(apperr.NoPermission, "You may see this company but not change it.")
	}
	return s.showCompanyForm(c, companies.FormProps{ID: id, Version: company.Version, Values: companies.ValuesOf(company)})
}

func (s *server) updateCompany(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	form := companies.FormProps{ID: id, Values: companyValues(c)}
	if form.Version, err = formVersion(c); err != nil {
		return err
	}
	patch, err := companyPatch(form.Values)
	if err == nil {
		_, err = s.CRM.UpdateCompany(c.UserContext(), p, id, patch, &form.Version)
	}
	if err != nil {
		return s.refuseCompanyForm(c, form, err)
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/companies/"+id.String()+"?done=saved")
	}
	props, err := s.companyRecord(c)
	if err != nil {
		return err
	}
	c.Set("HX-Trigger", "closeModal")
	c.Set("HX-Reswap", "none")
	return respond.Render(c, companies.Saved(props))
}

// refuseCompanyForm shows the form again, with what was typed and why it was not
// taken.
func (s *server) refuseCompanyForm(c *fiber.Ctx, form companies.FormProps, err error) error {
	e := apperr.From(err)
	switch e.Code {
	case apperr.Validation, apperr.AlreadyExists:
		form.Errors = fieldErrors(e)
	case apperr.Conflict:
		p, _ := mw.Principal(c)
		current, err := s.CRM.Company(c.UserContext(), p, form.ID)
		if err != nil {
			return err
		}
		form.Current, form.Version = &current, current.Version
	default:
		return err
	}
	c.Status(respond.Status(e.Code))
	return s.showCompanyForm(c, form)
}

// showCompanyForm adds what there is to choose from.
func (s *server) showCompanyForm(c *fiber.Ctx, form companies.FormProps) error {
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
	title := "New company"
	if form.ID != uuid.Nil {
		title = "Edit company"
	}
	return show(c, companies.FormPage(s.frame(c, title, "companies"), form), companies.Form(form))
}

func companyValues(c *fiber.Ctx) companies.Values {
	f := func(name string) string { return c.FormValue(name) }
	v := companies.Values{
		Name: f("name"), Parent: f("parentId"), Type: f("type"), Industry: f("industry"), Website: f("website"), Phone: f("phone"), Email: f("email"),
		GSTIN: f("gstin"), Notes: f("notes"), Revenue: f("annualRevenuePaise"), Employees: f("employees"), Tags: f("tags"), Owner: f("ownerId"),
	}
	for i := range crm.MaxAddresses {
		at := func(name string) string { return f(companies.PlaceField(i, name)) }
		a := crm.Address{Label: at("label"), Lines: at("lines"), City: at("city"), StateCode: at("stateCode"), PIN: at("pin")}
		if a.Lines+a.City+a.StateCode+a.PIN != "" {
			v.Addresses = append(v.Addresses, a)
		}
	}
	return v
}

// companyPatch changes every field of the form.
func companyPatch(v companies.Values) (crm.CompanyPatch, error) {
	var bad apperr.Fields
	owner, err := formOwner(v.Owner)
	if err != nil {
		bad.Add("ownerId", apperr.From(err).Field("ownerId"))
	}
	var revenue *int64
	if v.Revenue != "" {
		paise, ok := money.ParseINR(v.Revenue)
		bad.Check(ok, "annualRevenuePaise", "Enter an amount in rupees, such as 12,34,567.00.")
		revenue = &paise
	}
	var employees *int
	if text := strings.ReplaceAll(strings.TrimSpace(v.Employees), ",", ""); text != "" {
		n, err := strconv.Atoi(text)
		bad.Check(err == nil, "employees", "Enter a whole number.")
		employees = &n
	}
	tags, places := strings.Split(v.Tags, ","), v.Addresses
	return crm.CompanyPatch{
		Name: &v.Name, ParentName: &v.Parent, Type: &v.Type, Industry: &v.Industry, AnnualRevenue: &revenue, Employees: &employees, Website: &v.Website,
		Phone: &v.Phone, Email: &v.Email, GSTIN: &v.GSTIN, Tags: &tags, Notes: &v.Notes, Addresses: &places, OwnerID: owner,
	}, bad.Err()
}
