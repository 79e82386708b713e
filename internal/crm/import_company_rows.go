package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// companyRow is one company as InsertCompanies and UpdateCompanies read it.
type companyRow struct {
	ID            uuid.UUID  `json:"id"`
	Name          string     `json:"name"`
	ParentID      *uuid.UUID `json:"parent_id"`
	Type          string     `json:"type"`
	Industry      string     `json:"industry"`
	AnnualRevenue *int64     `json:"annual_revenue"`
	Employees     *int       `json:"employees"`
	Website       string     `json:"website"`
	Phone         string     `json:"phone"`
	Email         string     `json:"email"`
	GSTIN         string     `json:"gstin"`
	Tags          []string   `json:"tags"`
	Notes         string     `json:"notes"`
	Addresses     []Address  `json:"addresses"`
	OwnerID       *uuid.UUID `json:"owner_id"`
}

// companyRecords writes the companies as the queries read them, and fills in what
// they will be.
func companyRecords(tx *change.Tx, p auth.Principal, companies []*plannedRecord) (json.RawMessage, error) {
	out := make([]companyRow, len(companies))
	for i, pr := range companies {
		in := pr.input.(CompanyInput)
		out[i] = companyRow{
			ID: pr.id, Name: in.Name, ParentID: in.ParentID, Type: in.Type, Industry: in.Industry, AnnualRevenue: in.AnnualRevenue, Employees: in.Employees,
			Website: in.Website, Phone: in.Phone, Email: in.Email, GSTIN: in.GSTIN, Tags: in.Tags, Notes: in.Notes, Addresses: in.Addresses, OwnerID: in.OwnerID,
		}
		pr.after = companyAfter(tx, p, pr, in)
	}
	b, err := json.Marshal(out)
	return b, wrap(err, "write companies")
}

// companyAfter is the company as it will be read once it is written.
func companyAfter(tx *change.Tx, p auth.Principal, pr *plannedRecord, in CompanyInput) Company {
	c := Company{ID: pr.id, OwnerID: in.OwnerID, CreatedAt: tx.Now}
	if p.User() != nil && sameID(in.OwnerID, p.User()) {
		c.Owner = p.Name
	}
	if pr.before != nil {
		c = pr.before.record.(Company)
	}
	if !sameID(c.ParentID, in.ParentID) {
		c.ParentID, c.Parent = in.ParentID, in.ParentName
	}
	c.Name, c.Type, c.Industry, c.AnnualRevenue, c.Employees, c.Website = in.Name, in.Type, in.Industry, in.AnnualRevenue, in.Employees, in.Website
	c.Phone, c.Email, c.GSTIN, c.Tags, c.Notes, c.Addresses = in.Phone, in.Email, in.GSTIN, in.Tags, in.Notes, in.Addresses
	c.Version, c.UpdatedAt = pr.version(), tx.Now
	return c
}

// family is the hierarchy that the companies of one chunk come to.
type family struct {
	planned map[string]*plannedRecord // by name in lower case
	byID    map[uuid.UUID]*plannedRecord
	there   map[string]uuid.UUID // parents that were there before, by name in lower case
	above   map[uuid.UUID]uuid.UUID
	refused map[*plannedRecord]apperr.Detail
}

// arrange implements importEntity: a company that names the one it belongs to gets
// it, from what was there before or from the same chunk of the file, in any order.
func (companyImports) arrange(ctx context.Context, q *db.Queries, p auth.Principal, companies []*plannedRecord, planned func(key string) bool) (map[*plannedRecord]apperr.Detail, error) {
	f := family{planned: map[string]*plannedRecord{}, byID: map[uuid.UUID]*plannedRecord{}, refused: map[*plannedRecord]apperr.Detail{}}
	var children []*plannedRecord
	var names []string
	for _, pr := range companies {
		in := pr.input.(CompanyInput)
		f.planned[strings.ToLower(in.Name)], f.byID[pr.id] = pr, pr
		if in.ParentName != "" {
			children, names = append(children, pr), append(names, strings.ToLower(in.ParentName))
		}
	}
	if len(children) == 0 {
		return nil, nil
	}
	if err := f.load(ctx, q, p, names); err != nil {
		return nil, err
	}
	for again := true; again; { // a company that is refused is nobody's parent
		again = false
		for _, pr := range children {
			if _, gone := f.refused[pr]; gone {
				continue
			}
			if why := f.place(pr, planned); why != "" {
				f.refused[pr], again = apperr.Detail{Field: fieldParent, Message: why}, true
			}
		}
	}
	return f.refused, f.checkHeights(ctx, q, p, children)
}

// load reads the parents that are there, as far as the principal sees them, and
// what stands above them. Others who move companies wait.
func (f *family) load(ctx context.Context, q *db.Queries, p auth.Principal, names []string) error {
	if err := q.LockCompanyTree(ctx, p.TenantID.String()); err != nil {
		return fmt.Errorf("lock the hierarchy: %w", err)
	}
	slices.Sort(names)
	rows, err := q.FindParents(ctx, db.FindParentsParams{TenantID: p.TenantID, Names: slices.Compact(names)})
	if err != nil {
		return fmt.Errorf("look for parents: %w", err)
	}
	f.there, f.above = map[string]uuid.UUID{}, map[uuid.UUID]uuid.UUID{}
	var ids []uuid.UUID
	for _, r := range rows {
		if p.Sees(auth.Companies, r.OwnerID, r.OwnerTeamID) {
			f.there[strings.ToLower(r.Name)] = r.ID
			ids = append(ids, r.ID)
		}
	}
	links, err := q.ListAncestors(ctx, db.ListAncestorsParams{TenantID: p.TenantID, Ids: ids, Most: MaxCompanyDepth + 1})
	if err != nil {
		return fmt.Errorf("read what stands above companies: %w", err)
	}
	for _, l := range links {
		if l.ParentID != nil {
			f.above[l.ID] = *l.ParentID
		}
	}
	return nil
}

// place gives a company the parent that it names, or says why it cannot have it.
func (f *family) place(pr *plannedRecord, planned func(key string) bool) string {
	in := pr.input.(CompanyInput)
	name := strings.ToLower(in.ParentName)
	parent, found := f.there[name]
	if other := f.planned[name]; other != nil {
		_, gone := f.refused[other]
		parent, found = other.id, !gone || other.before != nil
	}
	switch {
	case !found && planned(keyName+name): // by an earlier chunk of a dry run
		return ""
	case !found:
		return "There is no company of this name. Add it first, or put it further up in the file."
	}
	was, had := f.above[pr.id]
	f.above[pr.id] = parent
	if why := f.refuses(pr.id); why != "" {
		if delete(f.above, pr.id); had {
			f.above[pr.id] = was
		}
		return why
	}
	in.ParentID = &parent
	pr.input = in
	return ""
}

// refuses says why a company cannot stand where it does.
func (f *family) refuses(id uuid.UUID) string {
	levels := 1
	for at, ok := f.above[id]; ok; at, ok = f.above[at] {
		if levels++; at == id {
			return "A company cannot be a part of itself."
		}
		if levels > MaxCompanyDepth {
			return tooDeep
		}
	}
	return ""
}

// checkHeights refuses companies that were there before and have too many levels
// below them for their new place.
func (f *family) checkHeights(ctx context.Context, q *db.Queries, p auth.Principal, children []*plannedRecord) error {
	for _, pr := range children {
		if _, gone := f.refused[pr]; gone || pr.before == nil {
			continue
		}
		height, err := q.CompanyHeight(ctx, db.CompanyHeightParams{TenantID: p.TenantID, ID: pr.id, Most: MaxCompanyDepth + 1})
		if err != nil {
			return fmt.Errorf("read what stands below a company: %w", err)
		}
		levels := int(height)
		for at, ok := f.above[pr.id]; ok && levels <= MaxCompanyDepth; at, ok = f.above[at] {
			levels++
		}
		if levels > MaxCompanyDepth {
			f.refused[pr] = apperr.Detail{Field: fieldParent, Message: tooDeep}
		}
	}
	return nil
}
