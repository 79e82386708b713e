package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// The themes. ThemeSystem follows the device.
const (
	ThemeLight  = "light"
	ThemeDark   = "dark"
	ThemeSystem = "system"
)

// Profile is what people decide about themselves, in every tenant the same.
type Profile struct {
	Name       string `json:"name"`
	Email      string `json:"-"` // the name of the account: not changed here
	Theme      string `json:"theme"`
	SingleKeys bool   `json:"singleKeys"` // shortcuts of one key work
	Photo      string `json:"photo"`      // SHA-256 of the picture; "" for none
}

// ProfilePatch names what changes; nil leaves a field as it is.
type ProfilePatch struct {
	Name       *string
	Theme      *string
	SingleKeys *bool
}

func (patch ProfilePatch) apply(to Profile) (Profile, error) {
	var f apperr.Fields
	if patch.Name != nil {
		to.Name = strings.Join(strings.Fields(*patch.Name), " ")
		f.Check(to.Name != "" && utf8.RuneCountInString(to.Name) <= 200, "name", "Enter your name, in at most 200 characters.")
		f.Check(storable(to.Name), "name", "The name holds characters that cannot be stored.")
	}
	if patch.Theme != nil {
		to.Theme = *patch.Theme
		f.Check(slices.Contains([]string{ThemeLight, ThemeDark, ThemeSystem}, to.Theme), "theme", "Choose light, dark or like the system.")
	}
	if patch.SingleKeys != nil {
		to.SingleKeys = *patch.SingleKeys
	}
	return to, f.Err()
}

// Profile returns the profile of the person who asks.
func (s *Service) Profile(ctx context.Context, p Principal) (Profile, error) {
	if p.IsKey() {
		return Profile{}, errNoProfile()
	}
	row, err := s.db.Global().GetProfile(ctx, p.UserID)
	if err != nil {
		return Profile{}, fmt.Errorf("read the profile: %w", err)
	}
	return profileFromRow(db.LockProfileRow(row)), nil
}

// UpdateProfile changes the profile of the person who asks.
func (s *Service) UpdateProfile(ctx context.Context, p Principal, patch ProfilePatch) (Profile, error) {
	if p.IsKey() {
		return Profile{}, errNoProfile()
	}
	return change.Do(ctx, s.write, p.Actor(), actionProfile, patch, func(ctx context.Context, tx *change.Tx) (Profile, error) {
		before, err := lockProfile(ctx, tx.Q, p.UserID)
		if err != nil {
			return Profile{}, err
		}
		after, err := patch.apply(before)
		if err != nil || after == before {
			return after, err
		}
		return after, saveProfile(ctx, tx, p, before, after)
	})
}

const actionProfile = "user.update_profile"

func errNoProfile() error { return apperr.New(apperr.NoPermission, "Only people have a profile.") }

// lockProfile holds the person's row for the rest of the transaction.
func lockProfile(ctx context.Context, q *db.Queries, user uuid.UUID) (Profile, error) {
	row, err := q.LockProfile(ctx, user)
	if err != nil {
		return Profile{}, fmt.Errorf("lock the profile: %w", err)
	}
	return profileFromRow(row), nil
}

func saveProfile(ctx context.Context, tx *change.Tx, p Principal, before, after Profile) error {
	err := tx.Q.UpdateProfile(ctx, db.UpdateProfileParams{
		ID: p.UserID, Name: after.Name, Theme: after.Theme, SingleKeys: after.SingleKeys, Photo: after.Photo, Now: tx.Now,
	})
	if err != nil {
		return fmt.Errorf("update the profile: %w", err)
	}
	if err := TagEverywhere(ctx, tx, p.UserID); err != nil {
		return err
	}
	return tx.Record(ctx, change.Event{Action: actionProfile, Entity: entityPerson, EntityID: p.UserID, Before: before, After: after})
}

func profileFromRow(r db.LockProfileRow) Profile {
	return Profile{Name: r.Name, Email: r.Email, Theme: r.Theme, SingleKeys: r.SingleKeys, Photo: r.Photo}
}
