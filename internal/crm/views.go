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
	"payaid/internal/listing"
)

const entityView = "view"

// viewsLife bounds what the views of somebody who does not come back take up.
const viewsLife = time.Hour

var keptViews = cache.JSON[[]db.ListViewsRow]("views-1")

// MaxViews is how many views one person may have.
const MaxViews = 50

// View is a search, a filter and an order of one list under a name.
type View struct {
	ID        uuid.UUID  `json:"id"`
	Entity    string     `json:"entity"` // whose list: EntityContacts …
	Name      string     `json:"name"`
	Shared    bool       `json:"shared"` // everybody in the business may use it
	Query     string     `json:"query"`
	Filter    string     `json:"filter"`
	Sort      string     `json:"sort"` // "" is by name
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

// viewed is a list that has views.
type viewed struct {
	read, write auth.Right
	canonical   func(listing.Query) (listing.Query, error)
}

// viewedLists are the lists that have views, by their entity.
var viewedLists = map[string]viewed{
	EntityContacts:  {auth.ContactsRead, auth.ContactsWrite, contactList.Canonical},
	EntityCompanies: {auth.CompaniesRead, auth.CompaniesWrite, companyList.Canonical},
}

// ViewEntities names the entities whose lists have views.
func ViewEntities() []string { return slices.Sorted(maps.Keys(viewedLists)) }

// MayShareViews reports whether p may share views of the entity's list.
func MayShareViews(p auth.Principal, entity string) bool { return p.Can(viewedLists[entity].write) }

// requireLists refuses who may read no list that has views.
func requireLists(p auth.Principal) error {
	var err error
	for _, entity := range ViewEntities() {
		if err = p.Require(viewedLists[entity].read); err == nil {
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
}

// ViewPatch changes the fields that are not nil.
type ViewPatch struct {
	Name                *string
	Shared              *bool
	Query, Filter, Sort *string
}

func (in *ViewInput) check(p auth.Principal) error {
	in.Name, in.Query = strings.Join(strings.Fields(in.Name), " "), strings.TrimSpace(in.Query)
	in.Entity = cmp.Or(in.Entity, EntityContacts)
	list, ok := viewedLists[in.Entity]
	if !ok {
		return badEntity()
	}
	if err := p.Require(list.read); err != nil {
		return err
	}
	q, err := list.canonical(listing.Query{Text: in.Query, Filter: in.Filter, Sort: in.Sort})
	if err != nil {
		return err
	}
	in.Filter = q.Filter
	var f apperr.Fields
	f.Check(in.Name != "" && utf8.RuneCountInString(in.Name) <= 60 && printable(in.Name), "name", "Give the view a name of at most 60 characters.")
	f.Check(in.Shared || !p.IsKey(), "shared", "A view of an API key is for everybody: nobody else could use it.")
	f.Check(!in.Shared || MayShareViews(p, in.Entity), "shared", "You may not share views. Keep it for yourself.")
	return f.Err()
}

func badEntity() error {
	var f apperr.Fields
	f.Add("entity", "Choose one of "+strings.Join(ViewEntities(), ", ")+".")
	return f.Err()
}

// Views lists the principal's own views of the entity's list and those that others
// share.
func (s *Service) Views(ctx context.Context, p auth.Principal, entity string) ([]View, error) {
	list, ok := viewedLists[entity]
	if !ok {
		return nil, badEntity()
	}
	if err := p.Require(list.read); err != nil {
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
		out[i] = viewFromRow(p, db.GetViewRow(r))
	}
	return out, nil
}

// View returns one view that the principal may use.
func (s *Service) View(ctx context.Context, p auth.Principal, id uuid.UUID) (View, error) {
	if err := requireLists(p); err != nil {
		return View{}, err
	}
	return readView(ctx, s.db.Tenant(p.TenantID), p, id)
}

// CreateView saves a view. One person's views have different names
// (ALREADY_EXISTS).
func (s *Service) CreateView(ctx context.Context, p auth.Principal, in ViewInput) (View, error) {
	if err := requireLists(p); err != nil {
		return View{}, err
	}
	if err := in.check(p); err != nil {
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
		return recordView(ctx, tx, p, id, "view.create", nil)
	})
}

// UpdateView changes a view of one's own; administrators change every shared one.
func (s *Service) UpdateView(ctx context.Context, p auth.Principal, id uuid.UUID, patch ViewPatch, version *int64) (View, error) {
	if err := requireLists(p); err != nil {
		return View{}, err
	}
	input := struct {
		ID      uuid.UUID
		Patch   ViewPatch
		Version *int64
	}{id, patch, version}
	return change.Do(ctx, s.write, p.Actor(), "view.update", input, func(ctx context.Context, tx *change.Tx) (View, error) {
		before, err := lockView(ctx, tx, p, id, version)
		if err != nil {
			return View{}, err
		}
		in := ViewInput{Entity: before.Entity, Name: before.Name, Shared: before.Shared, Query: before.Query, Filter: before.Filter, Sort: before.Sort}
		set(&in.Name, patch.Name)
		set(&in.Shared, patch.Shared)
		set(&in.Query, patch.Query)
		set(&in.Filter, patch.Filter)
		set(&in.Sort, patch.Sort)
		if err := in.check(p); err != nil {
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
		return recordView(ctx, tx, p, id, "view.update", before)
	})
}

// DeleteView removes a view for ever and returns it as it was. No record goes with
// it.
func (s *Service) DeleteView(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (View, error) {
	if err := requireLists(p); err != nil {
		return View{}, err
	}
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, s.write, p.Actor(), "view.delete", input, func(ctx context.Context, tx *change.Tx) (View, error) {
		before, err := lockView(ctx, tx, p, id, version)
		if err != nil {
			return View{}, err
		}
		if err := tx.Q.DeleteView(ctx, db.DeleteViewParams{TenantID: p.TenantID, ID: id}); err != nil {
			return View{}, fmt.Errorf("delete a view: %w", err)
		}
		tx.Tag(tagViewList)
		return before, tx.Record(ctx, change.Event{Action: "view.delete", Entity: entityView, EntityID: id, Before: before})
	})
}

// SetDefaultView opens the principal's list with the view from now on, or with all
// contacts again when on is false.
func (s *Service) SetDefaultView(ctx context.Context, p auth.Principal, id uuid.UUID, on bool) (View, error) {
	if err := requireLists(p); err != nil {
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
		before, err := readView(ctx, tx.Q, p, id)
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
		tx.Tag(tagViewList)
		before.Default = on
		return before, tx.Record(ctx, change.Event{Action: "view.default", Entity: entityView, EntityID: id, Before: map[string]bool{"default": !on}, After: map[string]bool{"default": on}})
	})
}

func saveView(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, in ViewInput) error {
	err := tx.Q.SaveView(ctx, db.SaveViewParams{
		TenantID: p.TenantID, ID: id, Entity: in.Entity, Name: in.Name, OwnerID: p.User(), Shared: in.Shared, Query: in.Query, Filter: in.Filter, Sort: in.Sort, Now: tx.Now,
	})
	return wrap(err, "save a view")
}

func recordView(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, before any) (View, error) {
	v, err := readView(ctx, tx.Q, p, id)
	if err != nil {
		return View{}, err
	}
	tx.Tag(tagViewList)
	return v, tx.Record(ctx, change.Event{Action: action, Entity: entityView, EntityID: id, Before: before, After: v})
}

func readView(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (View, error) {
	row, err := q.GetView(ctx, db.GetViewParams{TenantID: p.TenantID, ID: id, UserID: p.User()})
	if db.IsNoRows(err) {
		return View{}, apperr.New(apperr.NotFound, "This view does not exist, or it is not shared with you.")
	}
	if err != nil {
		return View{}, fmt.Errorf("get view %s: %w", id, err)
	}
	return viewFromRow(p, row), p.Require(viewedLists[row.Entity].read)
}

// lockView holds the view for the rest of the transaction, provided that the
// principal may change it and saw this version.
func lockView(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (View, error) {
	if err := tx.Q.LockView(ctx, db.LockViewParams{TenantID: p.TenantID, ID: id}); err != nil {
		return View{}, fmt.Errorf("lock view %s: %w", id, err)
	}
	v, err := readView(ctx, tx.Q, p, id)
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

func viewFromRow(p auth.Principal, r db.GetViewRow) View {
	v := View{
		ID: r.ID, Entity: r.Entity, Name: r.Name, Shared: r.Shared, Query: r.Query, Filter: r.Filter, Sort: r.Sort, OwnerID: r.OwnerID, Owner: r.OwnerName,
		Default: r.IsDefault, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	mine := r.OwnerID != nil && *r.OwnerID == p.UserID
	v.MayChange = mine || v.Shared && MayShareViews(p, r.Entity) && p.WriteScope() == auth.ScopeAll
	return v
}
