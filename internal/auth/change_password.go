package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// PasswordInput is what the form to change one's password sends.
type PasswordInput struct {
	Current string
	New     string
}

// ChangePassword sets a new password for the person who asks and voids every
// session of theirs, the asking one too: the caller begins a new one. It answers
// Validation for the fields current and new.
func (s *Service) ChangePassword(ctx context.Context, p Principal, in PasswordInput) error {
	if p.IsKey() {
		return apperr.New(apperr.NoPermission, "Only people have passwords.")
	}
	ok, err := s.ownPassword(ctx, p, in.Current)
	if err != nil {
		return err
	}
	var f apperr.Fields
	f.Check(ok, "current", "This is not your current password.")
	if problem := passwordProblem(in.New); problem != "" {
		f.Add("new", problem)
	}
	f.Check(in.New != in.Current, "new", "Choose a password that differs from the current one.")
	if err := f.Err(); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, in.New)
	if err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	actor := p.Actor()
	actor.IdempotencyKey = "" // a fingerprint of the input would keep a trace of the passwords
	_, err = change.Do(ctx, s.write, actor, "user.change_password", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if err := s.setPassword(ctx, tx, p.UserID, hash); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.Record(ctx, change.Event{Action: "user.change_password", Entity: "user", EntityID: p.UserID})
	})
	return err
}

// CheckPassword answers Validation for the field password unless it is the
// person's own: what could let somebody else in asks for it once more.
func (s *Service) CheckPassword(ctx context.Context, p Principal, password string) error {
	ok, err := s.ownPassword(ctx, p, password)
	if err != nil {
		return err
	}
	var f apperr.Fields
	f.Check(ok, "password", "This is not your current password.")
	return f.Err()
}

func (s *Service) ownPassword(ctx context.Context, p Principal, password string) (bool, error) {
	user, err := s.db.Global().GetUserByEmail(ctx, p.Email)
	if err != nil {
		return false, fmt.Errorf("load the user: %w", err)
	}
	ok, err := s.hasher.matches(ctx, user.PasswordHash, password)
	return ok, wrap(err, "check the password")
}

// newHash validates a new password and hashes it. It answers Validation for field.
func (s *Service) newHash(ctx context.Context, field, password string) (string, error) {
	if problem := passwordProblem(password); problem != "" {
		var f apperr.Fields
		f.Add(field, problem)
		return "", f.Err()
	}
	hash, err := s.hasher.hash(ctx, password)
	return hash, wrap(err, "hash the password")
}

// setPassword stores a hash, which voids every session of the person and every
// link that could set another password, and tells the person.
func (s *Service) setPassword(ctx context.Context, tx *change.Tx, user uuid.UUID, hash string) error {
	if _, err := tx.Q.SetUserPassword(ctx, db.SetUserPasswordParams{ID: user, PasswordHash: hash, Now: tx.Now}); err != nil {
		return fmt.Errorf("set the password: %w", err)
	}
	if err := TagEverywhere(ctx, tx, user); err != nil {
		return err
	}
	if err := tx.Q.SupersedePasswordResets(ctx, db.SupersedePasswordResetsParams{UserID: user, Now: &tx.Now}); err != nil {
		return fmt.Errorf("void links that set a password: %w", err)
	}
	return s.Notify(ctx, tx, user, NoticePasswordChanged)
}

func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
