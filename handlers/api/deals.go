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

const dealsTag = "Deals"

// DealPath is the part of an input that names a deal.
type DealPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The deal's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c51"`
}

// DealFilter is the part of an input that chooses deals.
type DealFilter struct {
	Query  string `query:"q" maxLength:"200" doc:"Part of the name, the source or the competitor; one or two letters begin a word. When nothing holds it, what comes close" example:"looms"`
	Filter string `query:"filter" maxLength:"2000" doc:"Conditions on fields in the language that the list of contacts describes. Fields: state, stage, pipeline, value (in rupees), expectedClose, owner (an e-mail, me), team, company, contact (names), source, competitor, rotting (yes, no), closedAt, createdAt, updatedAt. A filter that cannot be read is 400 INVALID_INPUT and says where" example:"state:open value:100000.."`
	Sort   string `query:"sort" enum:"name,-name,value,-value,expectedClose,-expectedClose,createdAt,-createdAt,updatedAt,-updatedAt" default:"name" doc:"The order, with - in front for descending. What has no expected close comes after every date" example:"-value"`
}

func (f DealFilter) query() listing.Query {
	return listing.Query{Text: f.Query, Filter: f.Filter, Sort: f.Sort}
}

type listDealsInput struct {
	Reader
	DealFilter
	Paging
}

type exportDealsInput struct {
	Caller
	DealFilter
	Format string `query:"format" enum:"csv,xlsx" default:"csv" doc:"Kind of file"`
}

type getDealInput struct {
	Reader
	DealPath
}

type createDealInput struct {
	Writer
	Body struct {
		DealFields
		StageID Optional[uuid.UUID] `json:"stageId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c53" doc:"An open stage; the first one of the first pipeline when left out"`
	}
}

type updateDealInput struct {
	Change
	DealPath
	Body DealFields
}

type changeDealInput struct {
	Change
	DealPath
}

type moveDealInput struct {
	Change
	DealPath
	Body struct {
		StageID    uuid.UUID           `json:"stageId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c53" doc:"Of any pipeline"`
		BehindID   Optional[uuid.UUID] `json:"behindId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c54" doc:"The deal right above the new place; on top when left out, or when it is not there any more"`
		Reason     string              `json:"reason" required:"false" maxLength:"500" example:"Too dear" doc:"Needed into a stage for what is lost"`
		Competitor string              `json:"competitor" required:"false" maxLength:"200" example:"Deccan Mills"`
	}
}

type endDealInput struct {
	Change
	DealPath
	Body struct {
		Reason     string `json:"reason" required:"false" maxLength:"500" example:"Best price" doc:"Needed when the deal is lost"`
		Competitor string `json:"competitor" required:"false" maxLength:"200" example:"Deccan Mills"`
	}
}

func (o *operations) deals(api huma.API) {
	huma.Register(api, exportOperation("/deals/export", "export-deals", dealsTag, "Export deals",
		`All deals of the filter as CSV that spreadsheets open as it is: UTF-8 with a byte order mark, formulas made harmless.`,
		"Name,Value (paise),Pipeline\r\nLooms,1234567800,Sales\r\n", crm.DealExportFormats), o.exportDeals) // before the deal whose id might read "export"
	huma.Register(api, operation(fiber.MethodGet, "/deals", "list-deals", dealsTag, "List deals",
		`One page of the deals that you may see. The deepest page costs what the first one costs: follow nextCursor until it is null.`, 400), o.listDeals)
	huma.Register(api, created(operation(fiber.MethodPost, "/deals", "create-deal", dealsTag, "Create a deal",
		`Adds a deal on top of an open stage. Its name must be known.`, 400, 415)), o.createDeal)
	huma.Register(api, operation(fiber.MethodGet, "/deals/{id}", "get-deal", dealsTag, "Read a deal", `One deal that is not in the trash.`, 404), o.getDeal)
	huma.Register(api, operation(fiber.MethodPatch, "/deals/{id}", "update-deal", dealsTag, "Change a deal",
		`Changes the fields that are sent and leaves the others as they are. null or "" empties a field. Its stage is changed by a move.`, 400, 404, 412, 415), o.updateDeal)
	huma.Register(api, operation(fiber.MethodDelete, "/deals/{id}", "delete-deal", dealsTag, "Move a deal to the trash",
		`The deal disappears from lists and boards and keeps its place for when it is restored. Doing it again changes nothing.`, 404, 412), o.deleteDeal)
	huma.Register(api, operation(fiber.MethodPost, "/deals/{id}/restore", "restore-deal", dealsTag, "Restore a deal",
		`Takes a deal out of the trash. Doing it again changes nothing.`, 404, 412), o.restoreDeal)
	huma.Register(api, operation(fiber.MethodPost, "/deals/{id}/move", "move-deal", dealsTag, "Move a deal",
		`Puts a deal into a stage, or to another place in its own. A stage that is won or lost ends it; out of one it is open again.`, 400, 404, 412, 415), o.moveDeal)
	huma.Register(api, operation(fiber.MethodPost, "/deals/{id}/win", "win-deal", dealsTag, "Win a deal",
		`Puts a deal into the won stage of its pipeline and makes its contact a customer.`, 400, 404, 412, 415), o.winDeal)
	huma.Register(api, operation(fiber.MethodPost, "/deals/{id}/lose", "lose-deal", dealsTag, "Lose a deal",
		`Puts a deal into the lost stage of its pipeline. The reason must be known.`, 400, 404, 412, 415), o.loseDeal)
}

func (o *operations) listDeals(ctx context.Context, in *listDealsInput) (*listAnswer[Deal], error) {
	q := in.query()
	q.Cursor, q.Limit = in.Cursor, in.size()
	page, err := o.CRM.Deals(ctx, in.principal, q)
	if err != nil {
		return nil, err
	}
	return pageOf(page, in.Limit, o.dealOf), nil
}

func (o *operations) exportDeals(_ context.Context, in *exportDealsInput) (*huma.StreamResponse, error) {
	p, q := in.principal, in.query()
	return o.export("deals", in.Format, func(ctx context.Context, w io.Writer) error { return o.CRM.ExportDeals(ctx, p, q, in.Format, w) }), nil
}

func (o *operations) createDeal(ctx context.Context, in *createDealInput) (*createdAnswer[Deal], error) {
	patch := in.Body.patch()
	patch.StageID = in.Body.StageID.pointer()
	d, err := o.CRM.CreateDeal(ctx, in.principal, patch.Input())
	if err != nil {
		return nil, err
	}
	return createdAt(Prefix+"/deals/"+d.ID.String(), o.dealOf(d), d.Version), nil
}

func (o *operations) getDeal(ctx context.Context, in *getDealInput) (*recordAnswer[Deal], error) {
	return o.dealAnswer(o.CRM.Deal(ctx, in.principal, in.ID))
}

func (o *operations) updateDeal(ctx context.Context, in *updateDealInput) (*recordAnswer[Deal], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return o.dealAnswer(o.CRM.UpdateDeal(ctx, in.principal, in.ID, in.Body.patch(), version))
}

func (o *operations) deleteDeal(ctx context.Context, in *changeDealInput) (*recordAnswer[Deal], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return o.dealAnswer(o.CRM.DeleteDeal(ctx, in.principal, in.ID, version))
}

func (o *operations) restoreDeal(ctx context.Context, in *changeDealInput) (*recordAnswer[Deal], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return o.dealAnswer(o.CRM.RestoreDeal(ctx, in.principal, in.ID, version))
}

func (o *operations) moveDeal(ctx context.Context, in *moveDealInput) (*recordAnswer[Deal], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	to := crm.DealMove{StageID: in.Body.StageID, BehindID: in.Body.BehindID.pointer(), Reason: in.Body.Reason, Competitor: in.Body.Competitor}
	return o.dealAnswer(o.CRM.MoveDeal(ctx, in.principal, in.ID, to, version))
}

func (o *operations) winDeal(ctx context.Context, in *endDealInput) (*recordAnswer[Deal], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return o.dealAnswer(o.CRM.WinDeal(ctx, in.principal, in.ID, crm.DealEnd(in.Body), version))
}

func (o *operations) loseDeal(ctx context.Context, in *endDealInput) (*recordAnswer[Deal], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return o.dealAnswer(o.CRM.LoseDeal(ctx, in.principal, in.ID, crm.DealEnd(in.Body), version))
}

func (o *operations) dealAnswer(d crm.Deal, err error) (*recordAnswer[Deal], error) {
	if err != nil {
		return nil, err
	}
	return recordOf(o.dealOf(d), d.Version), nil
}
