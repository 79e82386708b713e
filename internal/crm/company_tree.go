package crm

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// findParent gives the input the id of the parent that it names.
func findParent(ctx context.Context, tx *change.Tx, p auth.Principal, in *CompanyInput) error {
	if in.ParentID != nil || in.ParentName == "" {
		return nil
	}
	id, err := tx.Q.FindCompanyByName(ctx, db.FindCompanyByNameParams{TenantID: p.TenantID, Name: in.ParentName})
	if db.IsNoRows(err) {
		return refuseParent("There is no company of this name. Add it first.")
	}
	if err != nil {
		return fmt.Errorf("look for the parent: %w", err)
	}
	in.ParentID, in.ParentName = &id, ""
	return nil
}

// checkParent refuses a parent that the principal does not see, that would make a
// circle, or that would make the hierarchy deeper than MaxCompanyDepth. Those who
// move companies of one tenant do so one after the other.
func checkParent(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, parent *uuid.UUID) error {
	if parent == nil {
		return nil
	}
	if *parent == id {
		return refuseParent("A company cannot be a part of itself.")
	}
	if err := tx.Q.LockCompanyTree(ctx, p.TenantID.String()); err != nil {
		return fmt.Errorf("lock the hierarchy: %w", err)
	}
	above, _, err := companyKind.seen(ctx, tx.Q, p, *parent)
	if apperr.Is(err, apperr.NotFound) || err == nil && above.DeletedAt != nil {
		return refuseParent("This company does not exist, or you may not see it.")
	}
	if err != nil {
		return err
	}
	line, err := tx.Q.ListCompanyAncestors(ctx, db.ListCompanyAncestorsParams{TenantID: p.TenantID, ID: *parent, Most: MaxCompanyDepth + 1})
	if err != nil {
		return fmt.Errorf("read what stands above a company: %w", err)
	}
	if slices.Contains(line, id) {
		return refuseParent(above.Name + " is itself a part of this company.")
	}
	height, err := tx.Q.CompanyHeight(ctx, db.CompanyHeightParams{TenantID: p.TenantID, ID: id, Most: MaxCompanyDepth + 1})
	if err != nil {
		return fmt.Errorf("read what stands below a company: %w", err)
	}
	if len(line)+max(int(height), 1) > MaxCompanyDepth {
		return refuseParent(tooDeep)
	}
	return nil
}

var tooDeep = fmt.Sprintf("Companies can be at most %d levels deep.", MaxCompanyDepth)

func refuseParent(why string) error {
	var f apperr.Fields
	f.Add("parentId", why)
	return f.Err()
}
