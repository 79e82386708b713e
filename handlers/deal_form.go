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
	"payaid/views/deals"
	"payaid/views/ui"
)

func (s *server) newDeal(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	return s.showDealForm(c, deals.FormProps{Values: deals.Values{Owner: p.UserID.String(), Stage: c.Query("stage")}})
}

func (s *server) createDeal(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	form := deals.FormProps{Values: dealValues(c)}
	patch, err := dealPatch(form.Values)
	if err != nil {
		return s.refuseDealForm(c, form, err)
	}
	in := patch.Input()
	if id, err := uuid.Parse(form.Values.Stage); err == nil { // without one it begins at the beginning
		in.StageID = &id
	}
	deal, err := s.CRM.CreateDeal(c.UserContext(), p, in)
	if err != nil {
		return s.refuseDealForm(c, form, err)
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/deals/"+deal.ID.String()+"?done=created")
	}
	c.Set("HX-Trigger", "closeModal, dealsChanged")
	c.Set("HX-Reswap", "none")
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: deal.Name + " was added."}))
}

func (s *server) editDeal(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	deal, mayChange, err := s.CRM.DealRecord(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	if !mayChange {
		return apperr.New(apperr.NoPermission, "You may see this deal but not change it.")
	}
	return s.showDealForm(c, deals.FormProps{ID: id, State: deal.State, Version: deal.Version, Values: deals.ValuesOf(deal)})
}

func (s *server) updateDeal(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	form := deals.FormProps{ID: id, Values: dealValues(c)}
	if form.Version, err = formVersion(c); err != nil {
		return err
	}
	patch, err := dealPatch(form.Values)
	if err == nil {
		_, err = s.CRM.UpdateDeal(c.UserContext(), p, id, patch, &form.Version)
	}
	if err != nil {
		return s.refuseDealForm(c, form, err)
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/deals/"+id.String()+"?done=saved")
	}
	props, err := s.dealRecord(c)
	if err != nil {
		return err
	}
	c.Set("HX-Trigger", "closeModal")
	c.Set("HX-Reswap", "none")
	return respond.Render(c, deals.Saved(props))
}

// refuseDealForm shows the form again, with what was typed and why it was not
// taken.
func (s *server) refuseDealForm(c *fiber.Ctx, form deals.FormProps, err error) error {
	e := apperr.From(err)
	if e.Code != apperr.Validation && e.Code != apperr.Conflict {
		return err
	}
	if form.ID != uuid.Nil {
		p, _ := mw.Principal(c)
		current, err := s.CRM.Deal(c.UserContext(), p, form.ID)
		if err != nil {
			return err
		}
		form.State = current.State
		if e.Code == apperr.Conflict {
			form.Current, form.Version = &current, current.Version
		}
	}
	if e.Code == apperr.Validation {
		form.Errors = fieldErrors(e)
	}
	c.Status(respond.Status(e.Code))
	return s.showDealForm(c, form)
}

// showDealForm adds what there is to choose from: the open stages of the pipeline
// that the chosen stage is in.
func (s *server) showDealForm(c *fiber.Ctx, form deals.FormProps) error {
	p, _ := mw.Principal(c)
	var err error
	if form.Owners, err = s.ownerOptions(c, p, form.ID != uuid.Nil); err != nil {
		return err
	}
	if form.Companies, err = s.companyNames(c, p, ""); err != nil {
		return err
	}
	all, err := s.CRM.Pipelines(c.UserContext(), p)
	if err != nil {
		return err
	}
	chosen := all[0]
	for _, one := range all {
		if id, err := uuid.Parse(form.Values.Stage); err == nil {
			if _, ok := one.Stage(id); ok {
				chosen = one
			}
		}
	}
	form.Stages = deals.StageOptions(chosen, false)
	form.CSRF, form.Dialog = mw.Token(c), respond.IsPartial(c)
	title := "New deal"
	if form.ID != uuid.Nil {
		title = "Edit deal"
	}
	return show(c, deals.FormPage(s.frame(c, title, "deals"), form), deals.Form(form))
}

func dealValues(c *fiber.Ctx) deals.Values {
	f := func(name string) string { return c.FormValue(name) }
	return deals.Values{
		Name: f("name"), Value: f("valuePaise"), Probability: f("probability"), Stage: f("stageId"), ExpectedClose: f("expectedClose"), Contact: f("contactId"),
		Company: f("companyId"), Source: f("source"), Owner: f("ownerId"), Reason: f("reason"), Competitor: f("competitor"), Notes: f("notes"),
	}
}

// dealPatch changes every field of the form but the stage.
func dealPatch(v deals.Values) (crm.DealPatch, error) {
	var bad apperr.Fields
	owner, err := formOwner(v.Owner)
	if err != nil {
		bad.Add("ownerId", apperr.From(err).Field("ownerId"))
	}
	var value int64
	if v.Value != "" {
		paise, ok := money.ParseINR(v.Value)
		bad.Check(ok, "valuePaise", "Enter an amount in rupees, such as 12,34,567.00.")
		value = paise
	}
	var probability *int
	if text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v.Probability), "%")); text != "" {
		n, err := strconv.Atoi(text)
		bad.Check(err == nil, "probability", "Enter a whole number from 0 to 100.")
		probability = &n
	}
	return crm.DealPatch{
		Name: &v.Name, Value: &value, Probability: &probability, ExpectedClose: &v.ExpectedClose, ContactName: &v.Contact, CompanyName: &v.Company,
		Source: &v.Source, Reason: &v.Reason, Competitor: &v.Competitor, Notes: &v.Notes, OwnerID: owner,
	}, bad.Err()
}
