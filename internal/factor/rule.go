package factor

import (
	"context"
	"fmt"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// Rule tells whether a business wants everybody to have a second factor, and how
// far it is from that.
type Rule struct {
	Required bool
	People   int
	Without  int // people without a second factor
}

// Rule returns the rule of the principal's tenant.
func (s *Service) Rule(ctx context.Context, p auth.Principal) (Rule, error) {
	if err := p.Require(auth.PeopleConfigure); err != nil {
		return Rule{}, err
	}
	row, err := s.db.Tenant(p.TenantID).GetSecondFactorRule(ctx, p.TenantID)
	if err != nil {
		return Rule{}, fmt.Errorf("read the rule: %w", err)
	}
	return Rule{Required: row.Required, People: int(row.People), Without: int(row.Without)}, nil
}

// SetRule switches the rule on or off. It binds people from their next request on;
// API keys are no people.
func (s *Service) SetRule(ctx context.Context, p auth.Principal, required bool) error {
	if err := p.Require(auth.PeopleConfigure); err != nil {
		return err
	}
	const action = "tenant.second_factor_rule"
	_, err := change.Do(ctx, s.write, p.Actor(), action, required, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		changed, err := tx.Q.SetSecondFactorRule(ctx, db.SetSecondFactorRuleParams{ID: p.TenantID, Required: required, Now: tx.Now})
		if err != nil {
			return struct{}{}, fmt.Errorf("set the rule: %w", err)
		}
		if changed == 0 {
			return struct{}{}, nil
		}
		tx.Tag(tagTenant)
		return struct{}{}, tx.Record(ctx, change.Event{
			Action: action, Entity: "tenant", EntityID: p.TenantID,
			Before: map[string]bool{"secondFactorRequired": !required}, After: map[string]bool{"secondFactorRequired": required},
		})
	})
	return err
}

// tagTenant is the cache tag of a tenant's own row.
const tagTenant = "tenant"
