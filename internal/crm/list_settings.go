package crm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/cache"
	"payaid/internal/change"
)

// The densities of a list.
const (
	Comfortable = "comfortable"
	Compact     = "compact"
)

// PageSizes are what a person may choose for the page of a list.
var PageSizes = []int{25, 50, MaxPageSize}

// ContactColumns are the columns that the list of contacts can show beside the
// name, in order; those that it shows anyway are in defaultContactColumns.
var ContactColumns = []string{"email", "phone", "company", "jobTitle", "stage", "status", "warmth", "leadScore", "source", "tags", "owner", "lastContactedAt", "nextFollowUp", "createdAt", "updatedAt"}

// CompanyColumns are the columns that the list of companies can show beside the
// name, in order.
var CompanyColumns = []string{"type", "industry", "employees", "annualRevenue", "email", "phone", "gstin", "parent", "tags", "owner", "createdAt", "updatedAt"}

// DealColumns are the columns that the list of deals can show beside the name, in
// order.
var DealColumns = []string{"value", "stage", "state", "probability", "pipeline", "company", "contact", "expectedClose", "closedAt", "source", "competitor", "owner", "createdAt", "updatedAt"}

// The columns of each list for whoever has not chosen.
var (
	defaultContactColumns = []string{"phone", "company", "stage", "owner", "createdAt", "updatedAt"}
	defaultCompanyColumns = []string{"type", "industry", "employees", "annualRevenue", "owner", "createdAt", "updatedAt"}
	defaultDealColumns    = []string{"value", "stage", "company", "expectedClose", "owner", "updatedAt"}
)

// ListSettings are how one person wants one list to look.
type ListSettings struct {
	Columns  []string `json:"columns"` // in the list's order
	Density  string   `json:"density"` // Comfortable or Compact
	PageSize int      `json:"pageSize"`
}

// settingsLife bounds what the settings of somebody who does not come back take up.
const settingsLife = time.Hour

var listSettings = cache.JSON[ListSettings]("list-settings-1")

func tagListSettings(p auth.Principal) string { return "list-settings:" + p.UserID.String() }

// ListSettings returns how the principal wants the list of the entity to look. An
// API key has nothing but the defaults.
func (s *Service) ListSettings(ctx context.Context, p auth.Principal, entity string) (ListSettings, error) {
	if p.IsKey() {
		return s.defaultSettings(entity), nil
	}
	it := cache.Item{Tenant: p.TenantID, Key: "list-settings " + entity + " " + p.UserID.String(), Tags: []string{tagListSettings(p)}, TTL: settingsLife}
	return cache.Remember(ctx, s.cache, it, listSettings, func(ctx context.Context) (ListSettings, error) {
		row, err := s.db.Tenant(p.TenantID).GetListSettings(ctx, db.GetListSettingsParams{TenantID: p.TenantID, UserID: p.UserID, Entity: entity})
		if db.IsNoRows(err) {
			return s.defaultSettings(entity), nil
		}
		if err != nil {
			return ListSettings{}, fmt.Errorf("get the settings of a list: %w", err)
		}
		out := ListSettings{Columns: row.Columns, Density: row.Density, PageSize: int(row.PageSize)}
		if len(out.Columns) == 0 {
			out.Columns = s.lists[entity].Default
		}
		return out, nil
	})
}

func (s *Service) defaultSettings(entity string) ListSettings {
	return ListSettings{Columns: s.lists[entity].Default, Density: Comfortable, PageSize: defaultPageSize}
}

// inOrder brings columns of a list into its order, each once. known is false when the
// list has not all of them.
func (l List) inOrder(columns []string) (ordered []string, known bool) {
	ordered = slices.DeleteFunc(slices.Clone(l.Columns), func(c string) bool { return !slices.Contains(columns, c) })
	return ordered, !slices.ContainsFunc(columns, func(c string) bool { return !slices.Contains(l.Columns, c) })
}

// Under is how the list looks while it shows the view.
func (l ListSettings) Under(v View) ListSettings {
	if len(v.Columns) > 0 {
		l.Columns = v.Columns
	}
	if v.Density != "" {
		l.Density = v.Density
	}
	return l
}

// SaveListSettings keeps how the principal wants the list of the entity to look.
// Without columns it is shown as for whoever has not chosen.
func (s *Service) SaveListSettings(ctx context.Context, p auth.Principal, entity string, in ListSettings) (ListSettings, error) {
	if p.IsKey() {
		return ListSettings{}, apperr.New(apperr.BusinessRule, "An API key has no list to look at.")
	}
	var f apperr.Fields
	var known bool
	in.Columns, known = s.lists[entity].inOrder(in.Columns)
	f.Check(known, "columns", "There is no such column.")
	f.Check(in.Density == Comfortable || in.Density == Compact, "density", "Choose comfortable or compact.")
	f.Check(slices.Contains(PageSizes, in.PageSize), "pageSize", "Choose 25, 50 or 100.")
	if err := f.Err(); err != nil {
		return ListSettings{}, err
	}
	input := struct {
		Entity string
		ListSettings
	}{entity, in}
	return change.Do(ctx, s.write, p.Actor(), "list.settings", input, func(ctx context.Context, tx *change.Tx) (ListSettings, error) {
		err := tx.Q.SaveListSettings(ctx, db.SaveListSettingsParams{
			TenantID: p.TenantID, UserID: p.UserID, Entity: entity, Columns: in.Columns, Density: in.Density, PageSize: int32(in.PageSize),
		})
		if err != nil {
			return ListSettings{}, fmt.Errorf("save the settings of a list: %w", err)
		}
		tx.Tag(tagListSettings(p)) // how a list looks to somebody is no business data: no audit entry
		return in, nil
	})
}
