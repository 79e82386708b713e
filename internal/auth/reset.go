package auth

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
	"payaid/internal/mail"
)

const (
	// ResetLife is how long a link that sets a new password works.
	ResetLife = time.Hour
	// resetKept is how long a link that no longer works still says why.
	resetKept = 7 * 24 * time.Hour
)

// ResetLetter writes the mail with the link: to whom, their name, and the token
// that the link carries.
type ResetLetter func(to, name, token string) (mail.Message, error)

// ResetArgs is the job that mails a link to whoever has an account with the
// e-mail, and nothing to anybody else.
type ResetArgs struct {
	ID        uuid.UUID `json:"id"`
	Email     string    `json:"email"`
	IP        string    `json:"ip"`
	RequestID string    `json:"requestId"`
}

// Kind names the job.
func (ResetArgs) Kind() string { return "auth.password_reset" }

// RequestPasswordReset begins the way to a new password. It does the same work
// whether or not somebody has an account with the e-mail: who looks is a job,
// which the person asking can neither see nor time.
func (s *Service) RequestPasswordReset(ctx context.Context, email string, r Request) error {
	email = strings.ToLower(strings.TrimSpace(email))
	if !storable(email) || len(email) > 254 {
		email = "" // nobody's
	}
	args := ResetArgs{ID: uuid.Must(uuid.NewV7()), Email: email, IP: r.IP, RequestID: r.ID}
	_, err := change.Do(ctx, s.write, resetActor(args), "user.request_password_reset", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, tx.Enqueue(ctx, args)
	})
	return err
}

func resetActor(args ResetArgs) change.Actor {
	a := systemActor(uuid.Nil)
	a.IP, a.RequestID = args.IP, args.RequestID
	return a
}

// SendPasswordReset works ResetArgs: it makes the link, voids older ones and
// enqueues the mail, all in one transaction and once for each request.
func (s *Service) SendPasswordReset(ctx context.Context, args ResetArgs, letter ResetLetter) error {
	_, err := change.Do(ctx, s.write, resetActor(args), "user.request_password_reset", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		user, err := tx.Q.GetUserByEmail(ctx, args.Email)
		if db.IsNoRows(err) || err == nil && user.DisabledAt != nil {
			return struct{}{}, nil
		}
		if err != nil {
			return struct{}{}, fmt.Errorf("look for the user: %w", err)
		}
		token, err := NewToken()
		if err != nil {
			return struct{}{}, err
		}
		made, err := tx.Q.InsertPasswordReset(ctx, db.InsertPasswordResetParams{
			ID: args.ID, UserID: user.ID, TokenHash: TokenHash(token), Now: tx.Now, ExpiresAt: tx.Now.Add(ResetLife),
		})
		if err != nil || made == 0 {
			return struct{}{}, wrap(err, "insert the link") // none made: this job ran before
		}
		if err := tx.Q.SupersedePasswordResets(ctx, db.SupersedePasswordResetsParams{UserID: user.ID, ExceptID: args.ID, Now: &tx.Now}); err != nil {
			return struct{}{}, fmt.Errorf("void older links: %w", err)
		}
		if err := tx.Q.DeleteOldPasswordResets(ctx, db.DeleteOldPasswordResetsParams{UserID: user.ID, ExpiredBefore: tx.Now.Add(-resetKept)}); err != nil {
			return struct{}{}, fmt.Errorf("delete old links: %w", err)
		}
		m, err := letter(user.Email, user.Name, token)
		if err != nil {
			return struct{}{}, fmt.Errorf("write the mail: %w", err)
		}
		if err := mail.Enqueue(ctx, tx, m); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.Record(ctx, change.Event{Action: "user.request_password_reset", Entity: "user", EntityID: user.ID, Note: true})
	})
	return err
}

// CheckPasswordReset answers BusinessRule with a plain sentence when the link can
// no longer, or never could, set a password. It does not use the link up: mail
// programs open links to look at them.
func (s *Service) CheckPasswordReset(ctx context.Context, token string) error {
	_, err := s.resetOf(ctx, token)
	return err
}

func (s *Service) resetOf(ctx context.Context, token string) (db.GetPasswordResetRow, error) {
	row, err := s.db.Global().GetPasswordReset(ctx, TokenHash(token))
	switch {
	case db.IsNoRows(err):
		return row, apperr.New(apperr.BusinessRule, "This link is not complete, or is not one of ours. Copy it from the mail as a whole.")
	case err != nil:
		return row, fmt.Errorf("look for the link: %w", err)
	case row.UsedAt != nil:
		return row, apperr.New(apperr.BusinessRule, "This link was used before. A link sets a password once.")
	case row.SupersededAt != nil:
		return row, apperr.New(apperr.BusinessRule, "A newer link was sent or the password was changed, so this one no longer works. Take the link from the newest mail.")
	case !row.ExpiresAt.After(s.now()):
		return row, apperr.New(apperr.BusinessRule, "This link has expired. A link works for one hour.")
	case row.DisabledAt != nil:
		return row, apperr.New(apperr.BusinessRule, "This account is switched off. Ask an administrator of your business.")
	}
	return row, nil
}

// ResetOutcome is whose password was set.
type ResetOutcome struct {
	UserID uuid.UUID
	Email  string
}

// UsePasswordReset sets a new password with the token of a link, uses the link up
// and voids every session of the person. It answers as CheckPasswordReset does,
// or Validation for the field password.
func (s *Service) UsePasswordReset(ctx context.Context, token, password string, r Request) (ResetOutcome, error) {
	row, err := s.resetOf(ctx, token)
	if err != nil {
		return ResetOutcome{}, err
	}
	hash, err := s.newHash(ctx, "password", password)
	if err != nil {
		return ResetOutcome{}, err
	}
	actor := change.Actor{ID: row.UserID, Kind: change.ActorUser, Name: row.Name, IP: r.IP, RequestID: r.ID}
	return change.Do(ctx, s.write, actor, "user.reset_password", nil, func(ctx context.Context, tx *change.Tx) (ResetOutcome, error) {
		used, err := tx.Q.UsePasswordReset(ctx, db.UsePasswordResetParams{ID: row.ID, Now: &tx.Now})
		if err != nil {
			return ResetOutcome{}, fmt.Errorf("use the link: %w", err)
		}
		if used == 0 { // somebody was quicker
			return ResetOutcome{}, apperr.New(apperr.BusinessRule, "This link no longer works. Ask for a new one.")
		}
		if err := s.setPassword(ctx, tx, row.UserID, hash); err != nil {
			return ResetOutcome{}, err
		}
		return ResetOutcome{UserID: row.UserID, Email: row.Email}, tx.Record(ctx, change.Event{Action: "user.reset_password", Entity: "user", EntityID: row.UserID})
	})
}
