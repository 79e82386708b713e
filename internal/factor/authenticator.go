package factor

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// issuer is the name that authenticator apps show.
const issuer = "PayAid"

// Proposal is a secret that a person may take into their authenticator app. It
// counts for nothing until they prove that they did.
type Proposal struct {
	Secret string // to be typed, in groups of four
	URI    string // to be scanned
	Token  string // the secret again, sealed for this person: what the form sends back
}

// Propose makes a new secret. Nothing is stored.
func (s *Service) Propose(p auth.Principal) Proposal { return s.proposal(p, newTOTPSecret()) }

// Repropose returns the proposal of a token, such as after a mistyped code. It
// answers BusinessRule for a token that is not of this person.
func (s *Service) Repropose(p auth.Principal, token string) (Proposal, error) {
	key, err := s.proposed(p, token)
	if err != nil {
		return Proposal{}, err
	}
	return s.proposal(p, key), nil
}

func (s *Service) proposal(p auth.Principal, key []byte) Proposal {
	text := totpEncoding.EncodeToString(key)
	var groups []string
	for len(text) > 0 {
		n := min(4, len(text))
		groups, text = append(groups, text[:n]), text[n:]
	}
	return Proposal{
		Secret: strings.Join(groups, " "), URI: otpauth(issuer, p.Email, key),
		Token: base64.RawURLEncoding.EncodeToString(s.box.Seal(key, proposalOwner(p))),
	}
}

// proposalOwner differs from the owner of a stored secret, so that neither can
// stand in for the other.
func proposalOwner(p auth.Principal) []byte { return append([]byte("proposal "), p.UserID[:]...) }

func (s *Service) proposed(p auth.Principal, token string) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		var key []byte
		if key, err = s.box.Open(sealed, proposalOwner(p)); err == nil {
			return key, nil
		}
	}
	return nil, apperr.Wrap(err, apperr.BusinessRule, "This page is too old. Start setting up the app again.")
}

// TurnOn switches the authenticator app on once code proves that it has the
// proposed secret. It answers Validation for the field code. recovery are the
// codes for the day without the phone: shown this once, nil when the person has
// some already.
func (s *Service) TurnOn(ctx context.Context, p auth.Principal, token, code string) (recovery []string, err error) {
	key, err := s.proposed(p, token)
	if err != nil {
		return nil, err
	}
	step, ok := totpStep(key, digits(code), s.now())
	var f apperr.Fields
	f.Check(ok, "code", "This is not the code that the app shows now. Look again; the clock of the phone must be right.")
	if err := f.Err(); err != nil {
		return nil, err
	}
	err = s.change(ctx, p, "user.authenticator_on", func(ctx context.Context, tx *change.Tx) error {
		made, err := tx.Q.InsertTOTP(ctx, db.InsertTOTPParams{UserID: p.UserID, Secret: s.box.Seal(key, p.UserID[:]), LastStep: step, Now: tx.Now})
		if err != nil {
			return fmt.Errorf("insert the secret: %w", err)
		}
		if made == 0 {
			return apperr.New(apperr.BusinessRule, "An authenticator app is set up already. Switch it off first.")
		}
		if recovery, err = s.firstCodes(ctx, tx, p.UserID); err != nil {
			return err
		}
		return s.auth.Notify(ctx, tx, p.UserID, auth.NoticeAuthenticatorOn)
	})
	if err != nil {
		return nil, err
	}
	return recovery, nil
}

// TurnOff switches the authenticator app off; the person proves themselves by
// their password once more. With the last factor the recovery codes go, too. It
// answers Validation for the field password.
func (s *Service) TurnOff(ctx context.Context, p auth.Principal, password string) error {
	if err := s.auth.CheckPassword(ctx, p, password); err != nil {
		return err
	}
	return s.change(ctx, p, "user.authenticator_off", func(ctx context.Context, tx *change.Tx) error {
		gone, err := tx.Q.DeleteTOTP(ctx, p.UserID)
		if err != nil {
			return fmt.Errorf("delete the secret: %w", err)
		}
		if gone == 0 {
			return apperr.New(apperr.BusinessRule, "The authenticator app is switched off already.")
		}
		if err := dropCodesWithLastFactor(ctx, tx, p.UserID); err != nil {
			return err
		}
		return s.auth.Notify(ctx, tx, p.UserID, auth.NoticeAuthenticatorOff)
	})
}
