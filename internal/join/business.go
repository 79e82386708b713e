package join

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/tenant"
)

// BusinessInput describes one more business of somebody who has an account. ID is
// made by the form, so that sending it twice makes one business.
type BusinessInput struct {
	ID   uuid.UUID
	Name string
}

// AddBusiness makes a business that the principal owns. The same ID again answers
// with the business that was made. It answers Validation for the field name.
func (s *Service) AddBusiness(ctx context.Context, p auth.Principal, in BusinessInput) (auth.SignedIn, error) {
	if p.IsKey() {
		return auth.SignedIn{}, apperr.New(apperr.NoPermission, "An API key belongs to one business.")
	}
	in.Name = strings.TrimSpace(in.Name)
	var f apperr.Fields
	tenant.CheckName(&f, "name", in.Name)
	if err := f.Err(); err != nil {
		return auth.SignedIn{}, err
	}
	actor := p.Actor()
	actor.TenantID, actor.IdempotencyKey = in.ID, "" // the id does what the key would
	made := auth.SignedIn{UserID: p.UserID, TenantID: in.ID}
	_, err := change.Do(ctx, s.write, actor, "tenant.create", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if _, err := tenant.InsertNamed(ctx, tx, in.Name); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, auth.Join(ctx, tx, p.UserID, auth.Owner, nil)
	})
	if db.ViolatedConstraint(err) != "tenants_pkey" {
		return made, err
	}
	_, err = s.db.Tenant(in.ID).GetMember(ctx, db.GetMemberParams{TenantID: in.ID, UserID: p.UserID})
	if db.IsNoRows(err) {
		return auth.SignedIn{}, apperr.New(apperr.Conflict, "This page is too old to be sent. Load it again and repeat what you did.")
	}
	return made, wrap(err, "look for the business")
}
