package factor

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// maxPasskeys is how many one person may have.
const maxPasskeys = 20

// Passkey is one passkey as its owner sees it.
type Passkey struct {
	ID         uuid.UUID
	Name       string
	Synced     bool // kept by an account of the maker's, not on one device alone
	CreatedAt  time.Time
	LastUsedAt *time.Time
}

// PasskeysWork reports whether the installation has an address that passkeys can
// be bound to.
func (s *Service) PasskeysWork() bool { return s.party != nil }

func (s *Service) requirePasskeys() error {
	if s.party == nil {
		return apperr.New(apperr.BusinessRule, "Passkeys need a host name in PAYAID_BASE_URL; an IP address does not do.")
	}
	return nil
}

// Passkeys lists the person's own passkeys, oldest first.
func (s *Service) Passkeys(ctx context.Context, p auth.Principal) ([]Passkey, error) {
	rows, err := s.db.Global().ListPasskeys(ctx, p.UserID)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	owner, err := ownerOf(p.UserID, p.Email, p.Name, rows)
	if err != nil {
		return nil, err
	}
	out := make([]Passkey, len(rows))
	for i, r := range rows {
		out[i] = Passkey{ID: r.ID, Name: r.Name, Synced: owner.credentials[i].Flags.BackupState, CreatedAt: r.CreatedAt, LastUsedAt: r.LastUsedAt}
	}
	return out, nil
}

// NewPasskey begins adding a passkey to the person's account: whoever has it can
// sign in, so they prove themselves by their password once more. It answers
// Validation for the fields name and password.
func (s *Service) NewPasskey(ctx context.Context, p auth.Principal, name, password string) (Challenge, error) {
	if err := s.requirePasskeys(); err != nil {
		return Challenge{}, err
	}
	if _, err := passkeyName(name); err != nil {
		return Challenge{}, err
	}
	if err := s.auth.CheckPassword(ctx, p, password); err != nil {
		return Challenge{}, err
	}
	rows, err := s.db.Global().ListPasskeys(ctx, p.UserID)
	if err != nil {
		return Challenge{}, fmt.Errorf("list passkeys: %w", err)
	}
	if len(rows) >= maxPasskeys {
		return Challenge{}, apperr.New(apperr.BusinessRule, "You have %d passkeys already. Remove one that you no longer use.", len(rows))
	}
	owner, err := ownerOf(p.UserID, p.Email, p.Name, rows)
	if err != nil {
		return Challenge{}, err
	}
	options, kept, err := s.party.BeginRegistration(owner, webauthn.WithExclusions(webauthn.Credentials(owner.credentials).CredentialDescriptors()))
	if err != nil {
		return Challenge{}, fmt.Errorf("begin a passkey: %w", err)
	}
	return newChallenge(options, kept)
}

func passkeyName(name string) (string, error) {
	var f apperr.Fields
	name = strings.TrimSpace(name)
	f.Check(name != "" && utf8.RuneCountInString(name) <= 100 && utf8.ValidString(name) && !strings.ContainsRune(name, 0), "name", "Give the passkey a name of at most 100 characters, such as “Phone”.")
	return name, f.Err()
}

// AddPasskey completes what NewPasskey began with the browser's answer. recovery
// are codes for the day without it, as with TurnOn.
func (s *Service) AddPasskey(ctx context.Context, p auth.Principal, kept []byte, name string, answer []byte) (recovery []string, err error) {
	if err := s.requirePasskeys(); err != nil {
		return nil, err
	}
	if name, err = passkeyName(name); err != nil {
		return nil, err
	}
	asked, err := readKept(kept)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, notMade(err)
	}
	made, err := s.party.CreateCredential(keyOwner{id: p.UserID}, asked, parsed)
	if err != nil {
		return nil, notMade(err)
	}
	record, err := json.Marshal(made)
	if err != nil {
		return nil, fmt.Errorf("write the passkey: %w", err)
	}
	err = s.change(ctx, p, "user.passkey_add", func(ctx context.Context, tx *change.Tx) error {
		err := tx.Q.InsertPasskey(ctx, db.InsertPasskeyParams{
			ID: uuid.Must(uuid.NewV7()), UserID: p.UserID, Name: name, CredentialID: made.ID, Credential: record, Now: tx.Now,
		})
		if err != nil {
			return fmt.Errorf("insert the passkey: %w", err)
		}
		if recovery, err = s.firstCodes(ctx, tx, p.UserID); err != nil {
			return err
		}
		return s.auth.Notify(ctx, tx, p.UserID, auth.NoticePasskeyAdded)
	})
	if err != nil {
		return nil, err
	}
	return recovery, nil
}

// RemovePasskey removes one of the person's own passkeys; they prove themselves by
// their password once more. It answers NotFound for one that is not theirs.
func (s *Service) RemovePasskey(ctx context.Context, p auth.Principal, id uuid.UUID, password string) error {
	if err := s.auth.CheckPassword(ctx, p, password); err != nil {
		return err
	}
	return s.change(ctx, p, "user.passkey_remove", func(ctx context.Context, tx *change.Tx) error {
		gone, err := tx.Q.DeletePasskey(ctx, db.DeletePasskeyParams{UserID: p.UserID, ID: id})
		if err != nil {
			return fmt.Errorf("delete the passkey: %w", err)
		}
		if gone == 0 {
			return apperr.New(apperr.NotFound, "This passkey is not one of yours, or is removed already.")
		}
		if err := dropCodesWithLastFactor(ctx, tx, p.UserID); err != nil {
			return err
		}
		return s.auth.Notify(ctx, tx, p.UserID, auth.NoticePasskeyRemoved)
	})
}

func notMade(cause error) error {
	return apperr.Wrap(cause, apperr.BusinessRule, "This passkey could not be added. Go back and try again.")
}

// notAccepted hides why: what a browser sent is for the log only.
func notAccepted(cause error) error {
	return apperr.Wrap(cause, apperr.BadCredentials, "This passkey was not accepted. Try again, or choose another way.")
}
