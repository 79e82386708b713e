package factor

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"payaid/db"
)

// challengeLife is how long a challenge may be answered.
const challengeLife = 5 * time.Minute

// newRelyingParty returns what passkeys are bound to: the host of the address that
// people use. It is nil where that is an IP address, which passkeys do not know.
//
// A passkey here is always one that can be found without an e-mail and that checks
// its owner (by fingerprint, face or PIN): it counts as both factors.
func newRelyingParty(baseURL string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("passkeys: the address people use: %w", err)
	}
	if u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
		return nil, nil
	}
	limit := webauthn.TimeoutConfig{Enforce: true, Timeout: challengeLife, TimeoutUVD: challengeLife}
	rp, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: issuer, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys for %s: %w", baseURL, err)
	}
	return rp, nil
}

// keyOwner is a person as WebAuthn knows them. The handle that a passkey carries is
// the person's id: it does not change and tells nobody's e-mail.
type keyOwner struct {
	id          uuid.UUID
	email, name string
	credentials []webauthn.Credential
}

func (o keyOwner) WebAuthnID() []byte                         { return o.id[:] }
func (o keyOwner) WebAuthnName() string                       { return o.email }
func (o keyOwner) WebAuthnDisplayName() string                { return o.name }
func (o keyOwner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

func ownerOf(id uuid.UUID, email, name string, rows []db.ListPasskeysRow) (keyOwner, error) {
	o := keyOwner{id: id, email: email, name: name, credentials: make([]webauthn.Credential, len(rows))}
	for i, row := range rows {
		if err := json.Unmarshal(row.Credential, &o.credentials[i]); err != nil {
			return keyOwner{}, fmt.Errorf("read the passkey %s: %w", row.ID, err)
		}
	}
	return o, nil
}

// Challenge is what a browser is asked, and what must be known again when it
// answers. Kept must not pass through the browser, and must be used once.
type Challenge struct {
	Options json.RawMessage
	Kept    []byte
}

func newChallenge(options any, kept *webauthn.SessionData) (Challenge, error) {
	forBrowser, err := json.Marshal(options)
	if err != nil {
		return Challenge{}, fmt.Errorf("write the challenge: %w", err)
	}
	forUs, err := json.Marshal(kept)
	if err != nil {
		return Challenge{}, fmt.Errorf("keep the challenge: %w", err)
	}
	return Challenge{Options: forBrowser, Kept: forUs}, nil
}

func readKept(kept []byte) (webauthn.SessionData, error) {
	var data webauthn.SessionData
	if err := json.Unmarshal(kept, &data); err != nil {
		return data, fmt.Errorf("read the challenge: %w", err)
	}
	return data, nil
}
