package platform

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/cache"
	"payaid/internal/change"
)

// ConfirmClear is what an administrator types to clear the cache of every business.
const ConfirmClear = "clear"

// Cache describes the cache as the replica that answers sees it.
func (s *Service) Cache(ctx context.Context, p auth.Principal) (cache.Report, error) {
	if err := require(p); err != nil {
		return cache.Report{}, err
	}
	return s.cache.Report(ctx), nil
}

// CacheClearing says what of the cache of one business is cleared.
type CacheClearing struct {
	Slug string // short name of the business
	Tag  string // "contact:list"; "" for everything of the business
}

// tagForm is a kind of record, and one of them or the list of them.
var tagForm = regexp.MustCompile(`^[a-z_]{1,40}:[a-z0-9-]{1,40}$`)

// ClearBusinessCache makes values of one business be read from the database again.
func (s *Service) ClearBusinessCache(ctx context.Context, p auth.Principal, in CacheClearing) error {
	if err := require(p); err != nil {
		return err
	}
	var f apperr.Fields
	in.Slug, in.Tag = strings.ToLower(strings.TrimSpace(in.Slug)), strings.TrimSpace(in.Tag)
	f.Check(slugForm.MatchString(in.Slug), "slug", "Give the short name of a business, such as rao-textiles.")
	f.Check(in.Tag == "" || tagForm.MatchString(in.Tag), "tag", "Write a tag as contact:list, or as contact: and an id. Leave it empty for everything of the business.")
	if err := f.Err(); err != nil {
		return err
	}
	row, err := s.db.Global().GetTenantBySlug(ctx, in.Slug)
	if db.IsNoRows(err) {
		f.Add("slug", "There is no business with this short name.")
		return f.Err()
	}
	if err != nil {
		return fmt.Errorf("look for the business: %w", err)
	}
	after := map[string]string{"slug": in.Slug, "tag": in.Tag}
	return s.clear(ctx, p, change.Event{Action: "cache.clear_business", Entity: "cache", EntityID: row.ID, After: after}, func(ctx context.Context) error {
		if in.Tag == "" {
			return s.cache.ClearTenant(ctx, row.ID)
		}
		return s.cache.InvalidateTags(ctx, row.ID, in.Tag)
	})
}

var slugForm = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

// ClearCache makes every value of every business be read from the database again.
// confirm is ConfirmClear, typed by the administrator.
func (s *Service) ClearCache(ctx context.Context, p auth.Principal, confirm string) error {
	if err := require(p); err != nil {
		return err
	}
	var f apperr.Fields
	f.Check(strings.TrimSpace(confirm) == ConfirmClear, "confirm", "Type "+ConfirmClear+" to clear the cache of every business.")
	if err := f.Err(); err != nil {
		return err
	}
	return s.clear(ctx, p, change.Event{Action: "cache.clear_all", Entity: "cache"}, s.cache.Clear)
}

// clear notes in the installation's audit log what is done, and does it.
func (s *Service) clear(ctx context.Context, p auth.Principal, e change.Event, do func(context.Context) error) error {
	e.Note = true // it is not a write that makes values old
	_, err := change.Do(ctx, s.write, actorIn(p, uuid.Nil), e.Action, nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if err := tx.Record(ctx, e); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, do(ctx)
	})
	if errors.Is(err, cache.ErrAway) {
		return apperr.Wrap(err, apperr.Unavailable, "The cache's server does not answer, so nothing was cleared. Nothing comes from the cache now. Try again when it answers, or clear everything, which works without it.")
	}
	return err
}
