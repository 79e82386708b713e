package handlers

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
	"payaid/internal/money"
	"payaid/views/companies"
	"payaid/views/record"
)

const (
	// peoplePage is how many people the page of a company shows at once.
	peoplePage = 10
	// partsShown is how many companies below it are shown; the list has the others.
	partsShown = 20
)

// companyPages are the pages of single companies.
func (s *server) companyPages() recordPages[crm.Company, crm.CompanyInput, crm.CompanyPatch] {
	return recordPages[crm.Company, crm.CompanyInput, crm.CompanyPatch]{
		server: s, listed: companyList, Records: s.CRM.CompanyRecords(), entity: companies.Recorded,
		read: auth.CompaniesRead, write: auth.CompaniesWrite, remove: auth.CompaniesDelete, changed: "companiesChanged", subject: companySubject,
		values: companies.ValuesOf, patch: companyPatch, note: companies.Note,
		company: func(c crm.Company) *uuid.UUID { return c.ParentID },
		form:    companies.Form, head: companies.Head, body: s.companyBody, value: companies.Value,
	}
}

// companyBody adds the people and the parts of a company.
func (s *server) companyBody(c *fiber.Ctx, shared record.Props, of crm.Company) (templ.Component, error) {
	p, _ := mw.Principal(c)
	props := companies.BodyProps{Props: shared, Company: of, MaySee: p.Can(auth.ContactsRead)}
	var err error
	if props.People, err = s.CRM.People(c.UserContext(), p, of.ID, listing.Query{Cursor: c.Query("people"), Limit: peoplePage}); err != nil {
		return nil, err
	}
	if props.Parts, err = s.CRM.Subsidiaries(c.UserContext(), p, of.ID, listing.Query{Limit: partsShown}); err != nil {
		return nil, err
	}
	return companies.Body(props), nil
}

// companyPatch changes the fields that there are values of.
func companyPatch(v record.Values) (crm.CompanyPatch, error) {
	var bad apperr.Fields
	patch := crm.CompanyPatch{
		Name: v.Text("name"), ParentName: v.Text("parentId"), Type: v.Text("type"), Industry: v.Text("industry"), Website: v.Text("website"), Phone: v.Text("phone"),
		Email: v.Text("email"), GSTIN: v.Text("gstin"), Tags: v.List("tags"), Notes: v.Text("notes"), OwnerID: typedOwner(v, &bad),
	}
	if text, ok := v["annualRevenuePaise"]; ok {
		patch.AnnualRevenue = new(*int64)
		if text = strings.TrimSpace(text); text != "" {
			paise, ok := money.ParseINR(text)
			bad.Check(ok, "annualRevenuePaise", "Enter an amount in rupees, such as 12,34,567.00.")
			*patch.AnnualRevenue = &paise
		}
	}
	if text, ok := v["employees"]; ok {
		patch.Employees = new(*int)
		if text = strings.ReplaceAll(strings.TrimSpace(text), ",", ""); text != "" {
			n, err := strconv.Atoi(text)
			bad.Check(err == nil, "employees", "Enter a whole number.")
			*patch.Employees = &n
		}
	}
	if text, ok := v["addresses"]; ok {
		places := companies.Places(text)
		patch.Addresses = &places
	}
	return patch, bad.Err()
}
