package handlers

import (
	"strconv"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
	"payaid/views/deals"
	"payaid/views/ui"
)

// showBoard shows a pipeline with its deals. The address may name one stage and a
// place in it; the other stages show their first deals.
func (s *server) showBoard(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	ctx := c.UserContext()
	props := deals.BoardProps{
		Query: c.Query("q"), Now: s.Now(), MayCreate: p.Can(auth.DealsWrite), NoAccess: p.ReadScope(auth.Deals) == auth.ScopeNone,
		Changes: map[uuid.UUID]bool{}, CSRF: mw.Token(c),
	}
	pipeline, err := idIn(c, "pipeline")
	if err != nil {
		return err
	}
	if props.Pipelines, err = s.CRM.Pipelines(ctx, p); err != nil {
		return err
	}
	q := listing.Query{Text: props.Query}
	if props.Board, err = s.CRM.Board(ctx, p, pipeline, q); err != nil {
		return err
	}
	stage, err := idIn(c, "stage")
	if err != nil {
		return err
	}
	q.Cursor = c.Query("cursor")
	for i, col := range props.Board.Columns {
		if col.Stage.ID == stage && q.Cursor != "" {
			if props.Board.Columns[i], err = s.CRM.BoardColumn(ctx, p, stage, q); err != nil {
				return err
			}
		}
		for _, d := range props.Board.Columns[i].Deals.Items {
			props.Changes[d.ID] = d.MayChange(p)
		}
	}
	frame := s.frame(c, "Deals", "deals")
	frame.Notice = doneNotice(c, "deal", "/deals")
	return show(c, deals.BoardPage(frame, props), deals.Board(props))
}

// idIn reads an id in the query of the address; uuid.Nil where there is none.
func idIn(c *fiber.Ctx, name string) (uuid.UUID, error) {
	text := c.Query(name)
	if text == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, apperr.New(apperr.InvalidInput, "The address is not complete: %s is no id.", name)
	}
	return id, nil
}

func (s *server) showDeal(c *fiber.Ctx) error {
	props, err := s.dealRecord(c)
	if err != nil {
		return err
	}
	frame := s.frame(c, props.Deal.Name+" · Deals", "deals")
	frame.Notice = doneNotice(c, "deal", "/deals")
	return show(c, deals.RecordPage(frame, props), deals.Record(props))
}

// dealRecord reads a deal with what stands around it.
func (s *server) dealRecord(c *fiber.Ctx) (deals.RecordProps, error) {
	p, _ := mw.Principal(c)
	ctx := c.UserContext()
	id, err := pathID(c)
	if err != nil {
		return deals.RecordProps{}, err
	}
	deal, mayChange, err := s.CRM.DealRecord(ctx, p, id)
	if err != nil {
		return deals.RecordProps{}, err
	}
	props := deals.RecordProps{Deal: deal, Now: s.Now(), MayChange: mayChange, MayDelete: mayChange && p.Can(auth.DealsDelete), CSRF: mw.Token(c)}
	if props.Pipeline, err = s.CRM.Pipeline(ctx, p, deal.PipelineID); err != nil {
		return props, err
	}
	if props.Stages, err = s.CRM.DealStages(ctx, p, id); err != nil {
		return props, err
	}
	if deal.Contact != "" {
		_, err := s.CRM.Contact(ctx, p, *deal.ContactID)
		if props.ContactOpen, err = opens(err); err != nil {
			return props, err
		}
	}
	if deal.Company != "" {
		_, err := s.CRM.Company(ctx, p, *deal.CompanyID)
		if props.CompanyOpen, err = opens(err); err != nil {
			return props, err
		}
	}
	return props, nil
}

// opens tells whether a record was found that may be out of sight.
func opens(err error) (bool, error) {
	if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.NoPermission) {
		return false, nil
	}
	return err == nil, err
}

// moveDeal brings a deal into another stage, and asks for the reason where that one
// is lost and none was given.
func (s *server) moveDeal(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	version, err := formVersion(c)
	if err != nil {
		return err
	}
	stage, err := uuid.Parse(c.FormValue("stageId"))
	if err != nil {
		return apperr.New(apperr.InvalidInput, "Choose the stage that the deal goes to.")
	}
	to := crm.DealMove{StageID: stage, Reason: c.FormValue("reason"), Competitor: c.FormValue("competitor")}
	_, err = s.CRM.MoveDeal(c.UserContext(), p, id, to, &version)
	if e := apperr.From(err); err != nil && e.Code == apperr.Validation && e.Field("reason")+e.Field("competitor") != "" {
		return s.askWhyLost(c, id, version, to, e)
	}
	if err != nil {
		return err
	}
	if c.FormValue("to") == "board" {
		return leaveTo(c, "/deals?done=saved")
	}
	return leaveTo(c, "/deals/"+id.String()+"?done=saved")
}

func (s *server) askWhyLost(c *fiber.Ctx, id uuid.UUID, version int64, to crm.DealMove, refused *apperr.Error) error {
	p, _ := mw.Principal(c)
	deal, err := s.CRM.Deal(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	props := deals.LoseProps{
		Deal: deal, Stage: to.StageID.String(), Version: strconv.FormatInt(version, 10), Reason: to.Reason, Competitor: to.Competitor,
		Errors: fieldErrors(refused), Dialog: respond.IsPartial(c), CSRF: mw.Token(c),
	}
	c.Status(respond.Status(refused.Code))
	return show(c, deals.LosePage(s.frame(c, "Why was it lost?", "deals"), props), deals.Lose(props))
}

func (s *server) deleteDeal(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.CRM.DeleteDeal(c.UserContext(), p, id, nil); err != nil {
		return err
	}
	return leaveTo(c, "/deals?done=deleted&id="+id.String())
}

func (s *server) restoreDeal(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	deal, err := s.CRM.RestoreDeal(c.UserContext(), p, id, nil)
	if err != nil {
		return err
	}
	if !respond.IsPartial(c) {
		return leaveTo(c, "/deals/"+id.String()+"?done=restored")
	}
	c.Set("HX-Trigger", "dealsChanged")
	return respond.Render(c, ui.ToastPartial(ui.ToastProps{Kind: ui.ToastSuccess, Title: deal.Name + " was restored."}))
}
