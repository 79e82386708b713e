package crm

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/cache"
	"payaid/internal/change"
	"payaid/internal/filter"
	"payaid/internal/listing"
)

const entityView = "view"

// viewsLife bounds what the views of somebody who does not come back take up.
const viewsLife = time.Hour

var keptViews = cache.JSON[[]db.ListViewsRow]("views-1")

// MaxViews is how many views one person may have.
const MaxViews = 50

// View is a search, a filter and an order of one list under a name, and how the
// list looks with them.
type View struct {
	ID        uuid.UUID  `json:"id"`
	Entity    string     `json:"entity"` // whose list: EntityContacts …
	Name      string     `json:"name"`
	Shared    bool       `json:"shared"` // everybody in the business may use it
	Query     string     `json:"query"`
	Filter    string     `json:"filter"`
	Sort      string     `json:"sort"`    // "" is by name
	Columns   []string   `json:"columns"` // in the list's order; none: those that the viewer has anyway
	Density   string     `json:"density"` // "": the viewer's own
	OwnerID   *uuid.UUID `json:"ownerId"`
	Owner     string     `json:"owner"`
	Default   bool       `json:"-"` // the list of whoever asks opens with it
	MayChange bool       `json:"-"`
	Version   int64      `json:"version"`
	CreatedAt time.Time  `json:"createdAt"`
	UpdatedAt time.Time  `json:"updatedAt"`
}

// List is what the view lists.
func (v View) List() listing.Query {
	return listing.Query{Text: v.Query, Filter: v.Filter, Sort: v.Sort}
}

// List is a list as saved views and people's settings of lists know it.
type List struct {
	Read, Write auth.Right
	Canonical   func(listing.Query) (listing.Query, error)
	Fields      filter.Fields
	Columns     []string // that it can show beside the name, in its order
	Default     []string // those that it shows to whoever has not chosen
}

// lists are the lists of this area, by their entity.
func lists() map[string]List {
	return map[string]List{
		EntityContacts:  {auth.ContactsRead, auth.ContactsWrite, contactList.Canonical, ContactFields, ContactColumns, defaultContactColumns},
		EntityCompanies: {auth.CompaniesRead, auth.CompaniesWrite, companyList.Canonical, CompanyFields, CompanyColumns, defaultCompanyColumns},
		EntityDeals:     {auth.DealsRead, auth.DealsWrite, dealList.Canonical, DealFields, DealColumns, defaultDealColumns},
	}
}

// AddList lets the list of an entity of a higher area have saved views and
// settings, too.
func (s *Service) AddList(entity string, l List) { s.lists[entity] = l }

// viewEntities names the entities whose lists have views.
func (s *Service) viewEntities() []string { return slices.Sorted(maps.Keys(s.lists)) }

// MayShareViews reports whether p may share views of the entity's list.
func (s *Service) MayShareViews(p auth.Principal, entity string) bool {
	return p.Can(s.lists[entity].Write)
}

// requireLists refuses who may read no list that has views.
func (s *Service) requireLists(p auth.Principal) error {
	var err error
	for _, entity := range s.viewEntities() {
		if err = p.Require(s.lists[entity].Read); err == nil {
			return nil
		}
	}
	return err
}

// ViewInput is what a view is made from.
type ViewInput struct {
	Entity string // EntityContacts when ""
	Name   string
	Shared bool
	Query  string
	Filter string
	Sort   string

	Columns []string // of the list; none: those that the viewer has anyway
	Density string   // Comfortable, Compact, or "" for the viewer's own
}

// ViewPatch changes the fields that are not nil.
type ViewPatch struct {
	Name                *string
	Shared              *bool
	Query, Filter, Sort *string
	Columns             *[]string
	Density             *string
}

func (s *Service) checkView(p auth.Principal, in *ViewInput) error {
	in.Name, in.Query = strings.Join(strings.Fields(in.Name), " "), strings.TrimSpace(in.Query)
	in.Entity = cmp.Or(in.Entity, EntityContacts)
	list, ok := s.lists[in.Entity]
	if !ok {
		return s.badEntity()
	}
	if err := p.Require(list.Read); err != nil {
		return err
	}
	q, err := list.Canonical(listing.Query{Text: in.Query, Filter: in.Filter, Sort: in.Sort})
	if err != nil {
		return err
	}
	in.Filter = q.Filter
	var f apperr.Fields
	f.Check(in.Name != "" && utf8.RuneCountInString(in.Name) <= 60 && printable(in.Name), "name", "Give the view a name of at most 60 characters.")
	f.Check(in.Density == "" || in.Density == Comfortable || in.Density == Compact, "density", "Choose comfortable or compact.")
	var known bool
	in.Columns, known = list.inOrder(in.Columns)
	f.Check(known, "columns", "There is no such column.")
	f.Check(in.Shared || !p.IsKey(), "shared", "A view of an API key is for everybody: nobody else could use it.")
	f.Check(!in.Shared || s.MayShareViews(p, in.Entity), "shared", "You may not share views. Keep it for yourself.")
	return f.Err()
}

func (s *Service) badEntity() error {
	var f apperr.Fields
	f.Add("entity", "Choose one of "+strings.Join(s.viewEntities(), ", ")+".")
	return f.Err()
}

// Views lists the principal's own views of the entity's list and those that others
// share.
func (s *Service) Views(ctx context.Context, p auth.Principal, entity string) ([]View, error) {
	list, ok := s.lists[entity]
	if !ok {
		return nil, s.badEntity()
	}
	if err := p.Require(list.Read); err != nil {
		return nil, err
	}
	it := cache.Item{Tenant: p.TenantID, Key: "views " + entity + " " + p.UserID.String(), Tags: []string{tagViewList, auth.TagPeople}, TTL: viewsLife}
	rows, err := cache.Remember(ctx, s.cache, it, keptViews, func(ctx context.Context) ([]db.ListViewsRow, error) {
		return s.db.Tenant(p.TenantID).ListViews(ctx, db.ListViewsParams{TenantID: p.TenantID, Entity: entity, UserID: p.User()})
	})
	if err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	out := make([]View, len(rows))
	for i, r := range rows {
		out[i] = s.viewFromRow(p, db.GetViewRow(r))
	}
	return out, nil
}

// View returns one view that the principal may use.
func (s *Service) View(ctx context.Context, p auth.Principal, id uuid.UUID) (View, error) {
	if err := s.requireLists(p); err != nil {
		return View{}, err
	}
	return s.readView(ctx, s.db.Tenant(p.TenantID), p, id)
}

// CreateView saves a view. One person's views have different names
// (ALREADY_EXISTS).
func (s *Service) CreateView(ctx context.Context, p auth.Principal, in ViewInput) (View, error) {
	if err := s.requireLists(p); err != nil {
		return View{}, err
	}
	if err := s.checkView(p, &in); err != nil {
		return View{}, err
	}
	return change.Do(ctx, s.write, p.Actor(), "view.create", in, func(ctx context.Context, tx *change.Tx) (View, error) {
		n, err := tx.Q.CountOwnViews(ctx, db.CountOwnViewsParams{TenantID: p.TenantID, OwnerID: p.User()})
		if err != nil {
			return View{}, fmt.Errorf("count views: %w", err)
		}
		if n >= MaxViews {
			return View{}, apperr.New(apperr.BusinessRule, "You have %d views, which is the most there can be. Delete one that you do not need.", n)
		}
		id := uuid.Must(uuid.NewV7())
		if err := saveView(ctx, tx, p, id, in); err != nil {
			return View{}, err
		}
		return s.recordView(ctx, tx, p, id, "view.create", nil)
	})
}

// UpdateView changes a view of one's own; administrators change every shared one.
func (s *Service) UpdateView(ctx context.Context, p auth.Principal, id uuid.UUID, patch ViewPatch, version *int64) (View, error) {
	if err := s.requireLists(p); err != nil {
		return View{}, err
	}
	input := struct {
		ID      uuid.UUID
		Patch   ViewPatch
		Version *int64
	}{id, patch, version}
	return change.Do(ctx, s.write, p.Actor(), "view.update", input, func(ctx context.Context, tx *change.Tx) (View, error) {
		before, err := s.lockView(ctx, tx, p, id, version)
		if err != nil {
			return View{}, err
		}
		in := ViewInput{Entity: before.Entity, Name: before.Name, Shared: before.Shared, Query: before.Query, Filter: before.Filter, Sort: before.Sort, Columns: before.Columns, Density: before.Density}
		set(&in.Name, patch.Name)
		set(&in.Shared, patch.Shared)
		set(&in.Query, patch.Query)
		set(&in.Filter, patch.Filter)
		set(&in.Sort, patch.Sort)
		set(&in.Columns, patch.Columns)
		set(&in.Density, patch.Density)
		if err := s.checkView(p, &in); err != nil {
			return View{}, err
		}
		if err := saveView(ctx, tx, p, id, in); err != nil {
			return View{}, err
		}
		if before.Shared && !in.Shared {
			if err := tx.Q.ForgetDefaultView(ctx, db.ForgetDefaultViewParams{TenantID: p.TenantID, ViewID: id, OwnerID: before.OwnerID}); err != nil {
				return View{}, fmt.Errorf("forget a view that is not shared any more: %w", err)
			}
		}
		return s.recordView(ctx, tx, p, id, "view.update", before)
	})
}

// DeleteView removes a view for ever and returns it as it was. No record goes with
// it.
func (s *Service) DeleteView(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (View, error) {
	if err := s.requireLists(p); err != nil {
		return View{}, err
	}
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, s.write, p.Actor(), "view.delete", input, func(ctx context.Context, tx *change.Tx) (View, error) {
		before, err := s.lockView(ctx, tx, p, id, version)
		if err != nil {
			return View{}, err
		}
		if err := tx.Q.DeleteView(ctx, db.DeleteViewParams{TenantID: p.TenantID, ID: id}); err != nil {
			return View{}, fmt.Errorf("delete a view: %w", err)
		}
		return before, tx.Record(ctx, change.Event{Action: "view.delete", Entity: entityView, EntityID: id, Before: before})
	})
}

// SetDefaultView opens the principal's list with the view from now on, or with all
// contacts again when on is false.
func (s *Service) SetDefaultView(ctx context.Context, p auth.Principal, id uuid.UUID, on bool) (View, error) {
	if err := s.requireLists(p); err != nil {
		return View{}, err
	}
	if p.IsKey() {
		return View{}, apperr.New(apperr.BusinessRule, "An API key has no list that opens with a view.")
	}
	input := struct {
		ID uuid.UUID
		On bool
	}{id, on}
	return change.Do(ctx, s.write, p.Actor(), "view.default", input, func(ctx context.Context, tx *change.Tx) (View, error) {
		before, err := s.readView(ctx, tx.Q, p, id)
		if err != nil || before.Default == on {
			return before, err
		}
		if on {
			err = tx.Q.SetDefaultView(ctx, db.SetDefaultViewParams{TenantID: p.TenantID, UserID: p.UserID, Entity: before.Entity, ViewID: id})
		} else {
			err = tx.Q.ClearDefaultView(ctx, db.ClearDefaultViewParams{TenantID: p.TenantID, UserID: p.UserID, Entity: before.Entity})
		}
		if err != nil {
			return View{}, fmt.Errorf("set the default view: %w", err)
		}
		before.Default = on
		return before, tx.Record(ctx, change.Event{Action: "view.default", Entity: entityView, EntityID: id, Before: map[string]bool{"default": !on}, After: map[string]bool{"default": on}})
	})
}

func saveView(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, in ViewInput) error {
	err := tx.Q.SaveView(ctx, db.SaveViewParams{
		TenantID: p.TenantID, ID: id, Entity: in.Entity, Name: in.Name, OwnerID: p.User(), Shared: in.Shared, Query: in.Query, Filter: in.Filter, Sort: in.Sort,
		Columns: in.Columns, Density: in.Density, Now: tx.Now,
	})
	return wrap(err, "save a view")
}

func (s *Service) recordView(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, before any) (View, error) {
	v, err := s.readView(ctx, tx.Q, p, id)
	if err != nil {
		return View{}, err
	}
	return v, tx.Record(ctx, change.Event{Action: action, Entity: entityView, EntityID: id, Before: before, After: v})
}

func (s *Service) readView(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (View, error) {
	row, err := q.GetView(ctx, db.GetViewParams{TenantID: p.TenantID, ID: id, UserID: p.User()})
	if db.IsNoRows(err) {
		return View{}, apperr.New(apperr.NotFound, "This view does not exist, or it is not shared with you.")
	}
	if err != nil {
		return View{}, fmt.Errorf("get view %s: %w", id, err)
	}
	return s.viewFromRow(p, row), p.Require(s.lists[row.Entity].Read)
}

// lockView holds the view for the rest of the transaction, provided that the
// principal may change it and saw this version.
func (s *Service) lockView(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (View, error) {
	if err := tx.Q.LockView(ctx, db.LockViewParams{TenantID: p.TenantID, ID: id}); err != nil {
		return View{}, fmt.Errorf("lock view %s: %w", id, err)
	}
	v, err := s.readView(ctx, tx.Q, p, id)
	if err != nil {
		return View{}, err
	}
	if !v.MayChange {
		return View{}, apperr.New(apperr.NoPermission, "This view belongs to %s. Save it under another name as your own.", orNobody(v.Owner))
	}
	if version != nil && *version != v.Version {
		e := apperr.New(apperr.Conflict, "Somebody changed this view after you opened it. Look at it again.")
		e.Version = v.Version
		return View{}, e
	}
	return v, nil
}

func (s *Service) viewFromRow(p auth.Principal, r db.GetViewRow) View {
	v := View{
		ID: r.ID, Entity: r.Entity, Name: r.Name, Shared: r.Shared, Query: r.Query, Filter: r.Filter, Sort: r.Sort, Columns: r.Columns, Density: r.Density, OwnerID: r.OwnerID, Owner: r.OwnerName,
		Default: r.IsDefault, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	mine := r.OwnerID != nil && *r.OwnerID == p.UserID
	v.MayChange = mine || v.Shared && s.MayShareViews(p, r.Entity) && p.WriteScope() == auth.ScopeAll
	return v
}
