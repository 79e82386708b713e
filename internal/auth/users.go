package auth

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// UserInput describes a new account and, with a tenant, its membership.
type UserInput struct {
	Email         string
	Name          string
	Password      string `json:"-"` // never in a fingerprint
	PlatformAdmin bool
	TenantID      uuid.UUID // uuid.Nil: no membership
	Role          Role
	TeamID        *uuid.UUID
}

// Validate brings the input to its stored form and refuses what no account may have,
// under the fields email, name, password and role.
func (in *UserInput) Validate() error {
	var f apperr.Fields
	in.Email, in.Name = strings.ToLower(strings.TrimSpace(in.Email)), strings.TrimSpace(in.Name)
	a, err := mail.ParseAddress(in.Email)
	f.Check(err == nil && a.Address == in.Email && len(in.Email) <= 254 && storable(in.Email), "email", "This does not look like an e-mail address.")
	if in.Name == "" {
		in.Name, _, _ = strings.Cut(in.Email, "@")
	}
	f.Check(utf8.RuneCountInString(in.Name) <= 200, "name", "Use at most 200 characters.")
	f.Check(storable(in.Name), "name", "The name has characters that cannot be stored.")
	if problem := passwordProblem(in.Password); problem != "" {
		f.Add("password", problem)
	}
	f.Check(in.TenantID == uuid.Nil || in.Role.Valid(), "role", "Choose owner, admin, manager or member.")
	return f.Err()
}

// CreateUser makes an account, called by the command line and the demo.
func (s *Service) CreateUser(ctx context.Context, in UserInput) (uuid.UUID, error) {
	n, err := s.PrepareUser(ctx, in)
	if err != nil {
		return uuid.Nil, err
	}
	return change.Do(ctx, s.write, systemActor(in.TenantID), "user.create", n.in, n.Insert)
}

// NewUser is a validated account that is not written yet.
type NewUser struct {
	ID   uuid.UUID // of the user once it is written
	in   UserInput
	hash string
}

// PrepareUser validates in and takes the time of one password hash, which does
// not belong in a transaction.
func (s *Service) PrepareUser(ctx context.Context, in UserInput) (NewUser, error) {
	if err := in.Validate(); err != nil {
		return NewUser{}, err
	}
	hash, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return NewUser{}, fmt.Errorf("hash the password: %w", err)
	}
	return NewUser{ID: uuid.Must(uuid.NewV7()), in: in, hash: hash}, nil
}

// Insert writes the account, and its membership if it has one, and returns the
// user's id.
func (n NewUser) Insert(ctx context.Context, tx *change.Tx) (uuid.UUID, error) {
	in := n.in
	user, err := tx.Q.InsertUser(ctx, db.InsertUserParams{
		ID: n.ID, Email: in.Email, Name: in.Name, PasswordHash: n.hash, PlatformAdmin: in.PlatformAdmin, Now: tx.Now,
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("insert the user: %w", err)
	}
	after := map[string]any{"email": in.Email, "name": in.Name, "platformAdmin": in.PlatformAdmin}
	if in.TenantID != uuid.Nil {
		after["role"] = in.Role
		err := tx.Q.InsertMembership(ctx, db.InsertMembershipParams{TenantID: in.TenantID, UserID: user.ID, Role: string(in.Role), TeamID: in.TeamID, Now: tx.Now})
		if err != nil {
			return uuid.Nil, fmt.Errorf("insert the membership: %w", err)
		}
	}
	return user.ID, tx.Record(ctx, change.Event{Action: "user.create", Entity: "user", EntityID: user.ID, After: after})
}

// ResetPassword sets a new password and ends every session of the person, called
// by the command line.
func (s *Service) ResetPassword(ctx context.Context, email, password string) error {
	user, err := s.db.Global().GetUserByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if db.IsNoRows(err) {
		return apperr.New(apperr.NotFound, "Nobody has an account with the e-mail %s.", email)
	}
	if err != nil {
		return fmt.Errorf("look for the user: %w", err)
	}
	hash, err := s.newHash(ctx, "password", password)
	if err != nil {
		return err
	}
	_, err = change.Do(ctx, s.write, systemActor(uuid.Nil), "user.reset_password", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if err := s.setPassword(ctx, tx, user.ID, hash); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.Record(ctx, change.Event{Action: "user.reset_password", Entity: "user", EntityID: user.ID})
	})
	return err
}
