package crm

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// HandedOver tells what became of the records of somebody who left.
type HandedOver struct {
	Contacts  int64  `json:"contacts"`
	Companies int64  `json:"companies"`
	Deals     int64  `json:"deals"`
	To        string `json:"to"` // a name; "" when they belong to nobody now
}

// OwnedContacts counts the contacts that somebody looks after, those in the trash
// too.
func (s *Service) OwnedContacts(ctx context.Context, p auth.Principal, user uuid.UUID) (int64, error) {
	if err := p.Require(auth.PeopleConfigure); err != nil {
		return 0, err
	}
	n, err := s.db.Tenant(p.TenantID).CountOwned(ctx, db.CountOwnedParams{TenantID: p.TenantID, OwnerID: user})
	if err != nil {
		return 0, fmt.Errorf("count owned contacts: %w", err)
	}
	return n, nil
}

// RemoveMember ends somebody's membership of the principal's tenant and gives what
// they looked after to heir, or to nobody when heir is nil. It stands here and not
// in auth because the records belong to this area.
func (s *Service) RemoveMember(ctx context.Context, p auth.Principal, user uuid.UUID, heir *uuid.UUID, version *int64) (auth.Person, error) {
	if err := p.Require(auth.PeopleConfigure); err != nil {
		return auth.Person{}, err
	}
	input := struct {
		User    uuid.UUID
		Heir    *uuid.UUID
		Version *int64
	}{user, heir, version}
	return change.Do(ctx, s.write, p.Actor(), "user.remove", input, func(ctx context.Context, tx *change.Tx) (auth.Person, error) {
		done := HandedOver{}
		if heir != nil {
			name, err := heirName(ctx, tx, p, user, *heir)
			if err != nil {
				return auth.Person{}, err
			}
			done.To = name
		}
		var err error
		if done.Contacts, err = tx.Q.HandOverContacts(ctx, db.HandOverContactsParams{TenantID: p.TenantID, OwnerID: user, Heir: heir, Now: tx.Now}); err != nil {
			return auth.Person{}, fmt.Errorf("hand over contacts: %w", err)
		}
		if done.Companies, err = tx.Q.HandOverCompanies(ctx, db.HandOverCompaniesParams{TenantID: p.TenantID, OwnerID: user, Heir: heir, Now: tx.Now}); err != nil {
			return auth.Person{}, fmt.Errorf("hand over companies: %w", err)
		}
		if done.Deals, err = tx.Q.HandOverDeals(ctx, db.HandOverDealsParams{TenantID: p.TenantID, OwnerID: user, Heir: heir, Now: tx.Now}); err != nil {
			return auth.Person{}, fmt.Errorf("hand over deals: %w", err)
		}
		tx.Tag(tagContactList, tagCompanyList, tagDealList)
		return s.auth.EndMembership(ctx, tx, p, user, version, done)
	})
}

func heirName(ctx context.Context, tx *change.Tx, p auth.Principal, user, heir uuid.UUID) (string, error) {
	var f apperr.Fields
	f.Check(heir != user, "successorId", "Choose somebody else.")
	m, err := tx.Q.GetMember(ctx, db.GetMemberParams{TenantID: p.TenantID, UserID: heir})
	if err != nil && !db.IsNoRows(err) {
		return "", fmt.Errorf("look for the successor: %w", err)
	}
	f.Check(err == nil, "successorId", "This person does not belong to the business.")
	return m.Name, f.Err()
}
