package backup

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
)

// signer signs what stands beside a backup with a key made from the
// installation's secret, so that whoever can write to the store alone can forge
// nothing.
type signer struct {
	key         []byte
	fingerprint string // of the secret
}

// envelope is a signed document as it is stored.
type envelope struct {
	Document json.RawMessage `json:"document"`
	// Secret is the fingerprint of the secret that signed, to tell a forgery from
	// another installation.
	Secret    string `json:"secret"`
	Signature string `json:"signature"`
}

func newSigner(secret string) signer {
	return signer{key: derive(secret, "payaid backup manifest"), fingerprint: hex.EncodeToString(derive(secret, "payaid secret fingerprint")[:8])}
}

func derive(secret, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, purpose, 32)
	if err != nil {
		panic("backup: derive a key: " + err.Error()) // only for lengths that are not 32
	}
	return key
}

// mac binds a document to the backup and the name it is stored under.
func (s signer) mac(id uuid.UUID, name string, document []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	fmt.Fprintf(h, "%s\n%s\n%d\n", id, name, len(document))
	h.Write(document)
	return h.Sum(nil)
}

func (s signer) seal(id uuid.UUID, name string, v any) ([]byte, error) {
	document, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return json.Marshal(envelope{Document: document, Secret: s.fingerprint, Signature: hex.EncodeToString(s.mac(id, name, document))})
}

// open checks the signature before it looks at the document.
func (s signer) open(id uuid.UUID, name string, data []byte, v any) error {
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("%w: %s is no signed document (%w)", ErrForged, name, err)
	}
	signature, err := hex.DecodeString(e.Signature)
	if err != nil || !hmac.Equal(signature, s.mac(id, name, e.Document)) {
		if e.Secret != s.fingerprint {
			return fmt.Errorf("%w: %s was signed with another PAYAID_SECRET_KEY (fingerprint %.16q, here %s): use the secret of the installation that made the backup", ErrForged, name, e.Secret, s.fingerprint)
		}
		return fmt.Errorf("%w: %s was changed after it was written", ErrForged, name)
	}
	return json.Unmarshal(e.Document, v)
}
