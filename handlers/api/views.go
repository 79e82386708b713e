package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/crm"
)

const viewsTag = "Views"

// View is a saved view as programs see it.
type View struct {
	ID        uuid.UUID  `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c50"`
	Entity    string     `json:"entity" enum:"contacts,companies,activities,deals" example:"contacts" doc:"Whose list it is a view of"`
	Name      string     `json:"name" example:"Customers to call"`
	Shared    bool       `json:"shared" doc:"Everybody in the business may use it"`
	Query     string     `json:"query" example:"pune" doc:"As q of the list"`
	Filter    string     `json:"filter" example:"stage:customer nextFollowUp:..today" doc:"As filter of the list"`
	Sort      string     `json:"sort" example:"nextFollowUp" doc:"As sort of the list; empty is by name"`
	Columns   []string   `json:"columns" nullable:"false" example:"[\"company\",\"nextFollowUp\"]" doc:"What the list shows beside the name, in its order; empty for what each viewer has anyway"`
	Density   string     `json:"density" enum:"comfortable,compact," example:"compact" doc:"Empty for what each viewer has anyway"`
	OwnerID   *uuid.UUID `json:"ownerId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46" doc:"null when an API key made it, or its owner has left"`
	Owner     string     `json:"owner" example:"Meera Iyer"`
	Default   bool       `json:"default" doc:"Your list opens with it"`
	Version   int64      `json:"version" example:"1" doc:"Grows with each change; the same as in ETag"`
	CreatedAt time.Time  `json:"createdAt" example:"2026-11-22T06:30:00Z"`
	UpdatedAt time.Time  `json:"updatedAt" example:"2026-11-22T06:30:00Z"`
}

func viewOf(v crm.View) View {
	return View{
		ID: v.ID, Entity: v.Entity, Name: v.Name, Shared: v.Shared, Query: v.Query, Filter: v.Filter, Sort: v.Sort, Columns: append([]string{}, v.Columns...), Density: v.Density, OwnerID: v.OwnerID, Owner: v.Owner,
		Default: v.Default, Version: v.Version, CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
	}
}

// ViewFields are what a view is made from, and what a change may name.
type ViewFields struct {
	Name   Optional[string] `json:"name" required:"false" doc:"At most 60 characters, unlike your other views" example:"Customers to call"`
	Shared Optional[bool]   `json:"shared" required:"false" doc:"Everybody in the business may use it; a key's view has to be shared" example:"true"`
	Query  Optional[string] `json:"query" required:"false" doc:"As q of the list" example:"pune"`
	Filter Optional[string] `json:"filter" required:"false" doc:"As filter of the list" example:"stage:customer nextFollowUp:..today"`
	Sort   Optional[string] `json:"sort" required:"false" doc:"As sort of the list" example:"nextFollowUp"`

	Columns Optional[[]string] `json:"columns" required:"false" doc:"What the list shows beside the name; null or none for what each viewer has anyway" example:"[\"company\",\"nextFollowUp\"]"`
	Density Optional[string]   `json:"density" required:"false" enum:"comfortable,compact," doc:"null for what each viewer has anyway" example:"compact"`
}

// ViewPath is the part of an input that names a view.
type ViewPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The view's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c50"`
}

type listViewsInput struct {
	Reader
	Entity string `query:"entity" enum:"contacts,companies,activities,deals" default:"contacts" doc:"Whose list" example:"companies"`
}

type getViewInput struct {
	Reader
	ViewPath
}

type createViewInput struct {
	Writer
	Body struct {
		Entity Optional[string] `json:"entity" required:"false" nullable:"false" enum:"contacts,companies,activities,deals" doc:"Whose list; contacts when it is left out" example:"contacts"`
		ViewFields
	}
}

type updateViewInput struct {
	Change
	ViewPath
	Body ViewFields
}

type changeViewInput struct {
	Change
	ViewPath
}

type defaultViewInput struct {
	Writer
	ViewPath
	Body struct {
		Default bool `json:"default" doc:"Whether your list opens with the view" example:"true"`
	}
}

func (o *operations) views(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/views", "list-views", viewsTag, "List saved views",
		`Your own saved views of one list and those that others share, by name: at most 200.`), o.listViews)
	huma.Register(api, created(operation(fiber.MethodPost, "/views", "create-view", viewsTag, "Save a view",
		`Saves a search, a filter, an order and the columns of a list under a name. What a view shows is still bound by what the viewer may see.`, 400, 415)), o.createView)
	huma.Register(api, operation(fiber.MethodGet, "/views/{id}", "get-view", viewsTag, "Read a view", `One saved view that you may use.`, 404), o.getView)
	huma.Register(api, operation(fiber.MethodPatch, "/views/{id}", "update-view", viewsTag, "Change a view",
		`Changes the fields that are sent. Others change a shared view only if they may write all records of the list.`, 400, 404, 412, 415), o.updateView)
	huma.Register(api, operation(fiber.MethodDelete, "/views/{id}", "delete-view", viewsTag, "Delete a view",
		`Removes the view for ever; no record goes with it. The answer is the view as it was.`, 404, 412), o.deleteView)
	huma.Register(api, operation(fiber.MethodPost, "/views/{id}/default", "set-default-view", viewsTag, "Open the list with a view",
		`Opens your list with the view from now on, or with everything again. A key has no list: that is 422.`, 400, 404, 415), o.setDefaultView)
}

func (o *operations) listViews(ctx context.Context, in *listViewsInput) (*listAnswer[View], error) {
	views, err := o.CRM.Views(ctx, in.principal, in.Entity)
	if err != nil {
		return nil, err
	}
	return &listAnswer[View]{Body: List[View]{Data: each(views, viewOf), Meta: Meta{Limit: 200}}}, nil
}

func (o *operations) createView(ctx context.Context, in *createViewInput) (*createdAnswer[View], error) {
	b := in.Body
	v, err := o.CRM.CreateView(ctx, in.principal, crm.ViewInput{Entity: b.Entity.Value, Name: b.Name.Value, Shared: b.Shared.Value, Query: b.Query.Value, Filter: b.Filter.Value, Sort: b.Sort.Value,
		Columns: b.Columns.Value, Density: b.Density.Value})
	if err != nil {
		return nil, err
	}
	return createdAt(Prefix+"/views/"+v.ID.String(), viewOf(v), v.Version), nil
}

func (o *operations) getView(ctx context.Context, in *getViewInput) (*recordAnswer[View], error) {
	return viewAnswer(o.CRM.View(ctx, in.principal, in.ID))
}

func (o *operations) updateView(ctx context.Context, in *updateViewInput) (*recordAnswer[View], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	b := &in.Body
	patch := crm.ViewPatch{Name: b.Name.pointer(), Shared: b.Shared.pointer(), Query: b.Query.pointer(), Filter: b.Filter.pointer(), Sort: b.Sort.pointer(), Columns: b.Columns.pointer(), Density: b.Density.pointer()}
	return viewAnswer(o.CRM.UpdateView(ctx, in.principal, in.ID, patch, version))
}

func (o *operations) deleteView(ctx context.Context, in *changeViewInput) (*recordAnswer[View], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return viewAnswer(o.CRM.DeleteView(ctx, in.principal, in.ID, version))
}

func (o *operations) setDefaultView(ctx context.Context, in *defaultViewInput) (*recordAnswer[View], error) {
	return viewAnswer(o.CRM.SetDefaultView(ctx, in.principal, in.ID, in.Body.Default))
}

func viewAnswer(v crm.View, err error) (*recordAnswer[View], error) {
	if err != nil {
		return nil, err
	}
	return recordOf(viewOf(v), v.Version), nil
}
