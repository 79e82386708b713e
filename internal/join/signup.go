package join

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	post "payaid/internal/mail"
)

const (
	// SignUpLife is how long the link of a sign-up works.
	SignUpLife = 24 * time.Hour
	// linkKept is how long a link that no longer works still says why.
	linkKept = 7 * 24 * time.Hour
)

// SignUpLetters write what is mailed to whoever asked to sign up: with the token
// of the link, or to somebody who has an account already.
type SignUpLetters struct {
	New   func(to, token string) (post.Message, error)
	Known func(to, name string) (post.Message, error)
}

// SignUpArgs is the job that mails a link, or to somebody with an account that
// they have one.
type SignUpArgs struct {
	ID        uuid.UUID `json:"id"`
	Email     string    `json:"email"`
	IP        string    `json:"ip"`
	RequestID string    `json:"requestId"`
}

// Kind names the job.
func (SignUpArgs) Kind() string { return "join.sign_up" }

func (a SignUpArgs) actor() change.Actor {
	return change.Actor{Kind: change.ActorSystem, Name: "PayAid", IP: a.IP, RequestID: a.RequestID}
}

// RequestSignUp begins a sign-up. It does the same work whether or not somebody
// has an account with the e-mail: who looks is a job, which the person asking can
// neither see nor time. It answers Validation for the field email.
func (s *Service) RequestSignUp(ctx context.Context, email string, r auth.Request) error {
	args, err := signUpArgs(email, r)
	if err != nil {
		return err
	}
	_, err = change.Do(ctx, s.write, args.actor(), "user.request_sign_up", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, tx.Enqueue(ctx, args)
	})
	return err
}

// OpenSignUp is RequestSignUp where no mail would reach anybody: it returns the
// token itself. That proves nothing about the e-mail, so it is not for production.
func (s *Service) OpenSignUp(ctx context.Context, email string, r auth.Request) (token string, err error) {
	args, err := signUpArgs(email, r)
	if err != nil {
		return "", err
	}
	_, err = change.Do(ctx, s.write, args.actor(), "user.request_sign_up", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		token, _, err = insertSignUp(ctx, tx, args)
		return struct{}{}, err
	})
	return token, err
}

func signUpArgs(email string, r auth.Request) (SignUpArgs, error) {
	email, err := emailOf(email)
	return SignUpArgs{ID: uuid.Must(uuid.NewV7()), Email: email, IP: r.IP, RequestID: r.ID}, err
}

// emailOf returns the e-mail as it is stored, or Validation for the field email.
func emailOf(email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	a, err := mail.ParseAddress(email)
	var f apperr.Fields
	f.Check(email != "", "email", "Enter an e-mail.")
	f.Check(err == nil && a.Address == email && len(email) <= 254 && storable(email), "email", "This does not look like an e-mail address.")
	return email, f.Err()
}

// SendSignUp works SignUpArgs: it makes the link, voids older ones and enqueues
// the mail, all in one transaction and once for each request.
func (s *Service) SendSignUp(ctx context.Context, args SignUpArgs, letters SignUpLetters) error {
	_, err := change.Do(ctx, s.write, args.actor(), "user.request_sign_up", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		token, made, err := insertSignUp(ctx, tx, args)
		if err != nil || !made { // not made: this job ran before
			return struct{}{}, err
		}
		m, err := signUpLetter(ctx, tx, args.Email, token, letters)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, post.Enqueue(ctx, tx, m)
	})
	return err
}

func signUpLetter(ctx context.Context, tx *change.Tx, email, token string, letters SignUpLetters) (m post.Message, err error) {
	user, err := tx.Q.GetUserByEmail(ctx, email)
	switch {
	case db.IsNoRows(err):
		m, err = letters.New(email, token)
	case err != nil:
		return m, fmt.Errorf("look for the user: %w", err)
	default:
		m, err = letters.Known(email, user.Name)
	}
	if err != nil {
		return m, fmt.Errorf("write the mail: %w", err)
	}
	return m, nil
}

// insertSignUp makes the link of a request, and reports false when it was made
// before.
func insertSignUp(ctx context.Context, tx *change.Tx, args SignUpArgs) (token string, made bool, err error) {
	if token, err = auth.NewToken(); err != nil {
		return "", false, err
	}
	n, err := tx.Q.InsertSignUp(ctx, db.InsertSignUpParams{
		ID: args.ID, Email: args.Email, TokenHash: auth.TokenHash(token), Now: tx.Now, ExpiresAt: tx.Now.Add(SignUpLife),
	})
	if err != nil || n == 0 {
		return "", false, wrap(err, "insert the link")
	}
	if err := tx.Q.SupersedeSignUps(ctx, db.SupersedeSignUpsParams{Email: args.Email, ExceptID: args.ID, Now: &tx.Now}); err != nil {
		return "", false, fmt.Errorf("void older links: %w", err)
	}
	err = tx.Q.DeleteOldSignUps(ctx, tx.Now.Add(-linkKept))
	return token, true, wrap(err, "delete old links")
}
