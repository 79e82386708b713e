package factor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

const byPasskey = "passkey"

// errCopied is a signature counter that did not grow: two devices have the key.
var errCopied = errors.New("the signature counter did not grow")

// AskPasskey begins a sign-in by a passkey alone, of whoever has one.
func (s *Service) AskPasskey() (Challenge, error) {
	if err := s.requirePasskeys(); err != nil {
		return Challenge{}, err
	}
	options, kept, err := s.party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Challenge{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return newChallenge(options, kept)
}

// SignIn signs in whoever answered AskPasskey. The passkey has checked its owner,
// and so is both factors. It answers BadCredentials for any that does not fit.
func (s *Service) SignIn(ctx context.Context, kept, answer []byte, r auth.Request) (auth.SignedIn, error) {
	if err := s.requirePasskeys(); err != nil {
		return auth.SignedIn{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return auth.SignedIn{}, notAccepted(err)
	}
	user, err := uuid.FromBytes(parsed.Response.UserHandle)
	if err != nil {
		return auth.SignedIn{}, notAccepted(err)
	}
	if _, err := s.db.Global().GetAccount(ctx, user); db.IsNoRows(err) {
		return auth.SignedIn{}, notAccepted(err)
	} else if err != nil {
		return auth.SignedIn{}, fmt.Errorf("load the account: %w", err)
	}
	tenant, err := s.auth.FirstHome(ctx, user)
	if err != nil {
		return auth.SignedIn{}, err
	}
	in := Pending{SignedIn: auth.SignedIn{UserID: user, TenantID: tenant}, Since: s.now()}
	err = s.pass(ctx, in, r, byPasskey, func(ctx context.Context, tx *change.Tx) error {
		return s.usePasskey(ctx, tx, user, func(owner keyOwner, asked webauthn.SessionData) (*webauthn.Credential, error) {
			find := func(_, _ []byte) (webauthn.User, error) { return owner, nil }
			_, credential, err := s.party.ValidatePasskeyLogin(find, asked, parsed)
			return credential, err
		}, kept)
	})
	if apperr.Is(err, apperr.Unauthorized) { // disabled: as if it were unknown
		err = notAccepted(err)
	}
	return in.SignedIn, err
}

// AskPasskeyOf asks a person who owes the second factor for one of their passkeys.
func (s *Service) AskPasskeyOf(ctx context.Context, in Pending) (Challenge, error) {
	if err := s.requirePasskeys(); err != nil {
		return Challenge{}, err
	}
	rows, err := s.db.Global().ListPasskeys(ctx, in.UserID)
	if err != nil {
		return Challenge{}, fmt.Errorf("list passkeys: %w", err)
	}
	if len(rows) == 0 {
		return Challenge{}, apperr.New(apperr.BusinessRule, "You have no passkey. Choose another way.")
	}
	owner, err := ownerOf(in.UserID, "", "", rows)
	if err != nil {
		return Challenge{}, err
	}
	options, kept, err := s.party.BeginLogin(owner, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Challenge{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return newChallenge(options, kept)
}

// PassPasskey completes a sign-in with the answer to AskPasskeyOf. It answers as
// PassCode does.
func (s *Service) PassPasskey(ctx context.Context, in Pending, kept, answer []byte, r auth.Request) error {
	if err := s.requirePasskeys(); err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return notAccepted(err)
	}
	return s.pass(ctx, in, r, byPasskey, func(ctx context.Context, tx *change.Tx) error {
		return s.usePasskey(ctx, tx, in.UserID, func(owner keyOwner, asked webauthn.SessionData) (*webauthn.Credential, error) {
			return s.party.ValidateLogin(owner, asked, parsed)
		}, kept)
	})
}

// usePasskey checks an answer against the passkeys of a locked account and stores
// the new counter and flags.
func (s *Service) usePasskey(ctx context.Context, tx *change.Tx, user uuid.UUID, check func(keyOwner, webauthn.SessionData) (*webauthn.Credential, error), kept []byte) error {
	asked, err := readKept(kept)
	if err != nil {
		return err
	}
	rows, err := tx.Q.ListPasskeys(ctx, user)
	if err != nil {
		return fmt.Errorf("list passkeys: %w", err)
	}
	owner, err := ownerOf(user, "", "", rows)
	if err != nil {
		return err
	}
	used, err := check(owner, asked)
	if err != nil {
		return notAccepted(err)
	}
	// A passkey that lives in an account counts nothing and always says 0.
	if used.Authenticator.CloneWarning {
		return apperr.Wrap(errCopied, apperr.BadCredentials, "This passkey seems to have been copied. Sign in another way, remove it under Settings, Signing in, and tell your administrator.")
	}
	for _, row := range rows {
		if !bytes.Equal(row.CredentialID, used.ID) {
			continue
		}
		record, err := json.Marshal(used)
		if err != nil {
			return fmt.Errorf("write the passkey: %w", err)
		}
		err = tx.Q.UsePasskey(ctx, db.UsePasskeyParams{UserID: user, CredentialID: row.CredentialID, Credential: record, Now: &tx.Now})
		if err != nil {
			return fmt.Errorf("note the use of the passkey: %w", err)
		}
		return nil
	}
	return notAccepted(errors.New("the passkey is not among the person's"))
}
