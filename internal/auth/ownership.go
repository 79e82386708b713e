package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// ConfirmPassword answers Validation for field unless the password is that of the
// person who asks.
func (s *Service) ConfirmPassword(ctx context.Context, p Principal, field, password string) error {
	if p.IsKey() {
		return apperr.New(apperr.NoPermission, "Only people have passwords.")
	}
	user, err := s.db.Global().GetUserByEmail(ctx, p.Email)
	if err != nil {
		return fmt.Errorf("load the user: %w", err)
	}
	ok, err := s.hasher.matches(ctx, user.PasswordHash, password)
	if err != nil {
		return fmt.Errorf("check the password: %w", err)
	}
	var f apperr.Fields
	f.Check(ok, field, "This is not your current password.")
	return f.Err()
}

// TransferOwnership makes the successor an owner and the principal, who is one, an
// administrator, inside the write of the area that knows the business. It answers
// Validation for the field successorId.
func (s *Service) TransferOwnership(ctx context.Context, tx *change.Tx, p Principal, successor uuid.UUID) (Person, error) {
	if _, err := tx.Q.LockOwners(ctx, p.TenantID); err != nil {
		return Person{}, fmt.Errorf("lock the owners: %w", err)
	}
	// The rights of the request may be older than the lock.
	me, err := lockPerson(ctx, tx, p, p.UserID, nil)
	if err != nil {
		return Person{}, err
	}
	if me.Role != Owner {
		return Person{}, apperr.New(apperr.NoPermission, "You are no longer an owner of this business.")
	}
	heir, err := lockPerson(ctx, tx, p, successor, nil)
	if err != nil && !apperr.Is(err, apperr.NotFound) {
		return Person{}, err
	}
	var f apperr.Fields
	f.Check(err == nil && !heir.Disabled, "successorId", "Choose an active member of the business.")
	f.Check(heir.Role != Owner, "successorId", "Choose somebody who is not an owner yet.")
	if err := f.Err(); err != nil {
		return Person{}, err
	}
	for user, role := range map[uuid.UUID]Role{p.UserID: Admin, successor: Owner} {
		if _, err := tx.Q.SetMembershipRole(ctx, db.SetMembershipRoleParams{TenantID: p.TenantID, UserID: user, Role: string(role), Now: tx.Now}); err != nil {
			return Person{}, fmt.Errorf("change the owner: %w", err)
		}
		tx.Tag(tagMember(user))
	}
	tx.Tag(TagPeople)
	return heir, nil
}

// OtherHome returns another active business of the person who asks, uuid.Nil for
// none.
func (s *Service) OtherHome(ctx context.Context, p Principal) (uuid.UUID, error) {
	homes, err := s.db.Global().ListMembershipsOfUser(ctx, p.UserID)
	if err != nil {
		return uuid.Nil, fmt.Errorf("list memberships: %w", err)
	}
	for _, home := range homes {
		if home.TenantID != p.TenantID {
			return home.TenantID, nil
		}
	}
	return uuid.Nil, nil
}
