package handlers_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// authenticator is a passkey in software: one ES256 key, found without an e-mail,
// that says it has checked its owner.
type authenticator struct {
	key     *ecdsa.PrivateKey
	id      []byte
	handle  []byte // whose it is
	counter uint32
	flags   byte
	origin  string
}

// What an authenticator says of one use (WebAuthn, section 6.1).
const (
	userPresent  = 0x01
	userVerified = 0x04
	hasKey       = 0x40
)

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return &authenticator{key: key, id: id, flags: userPresent | userVerified, origin: "http://example.com"}
}

// asked is as much of the options as an authenticator reads.
type asked struct {
	PublicKey struct {
		Challenge string
		User      struct{ ID, Name string }
	}
}

var b64 = base64.RawURLEncoding.EncodeToString

func (a *authenticator) clientData(t testing.TB, kind, challenge string) []byte {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	ok(t, err)
	return raw
}

// data is the authenticator data: whom it is for, flags and counter.
func (a *authenticator) data(more byte) []byte {
	rp := sha256.Sum256([]byte("example.com"))
	return binary.BigEndian.AppendUint32(append(rp[:], a.flags|more), a.counter)
}

// create answers options by making the passkey.
func (a *authenticator) create(t testing.TB, options asked) string {
	t.Helper()
	var err error
	a.handle, err = base64.RawURLEncoding.DecodeString(options.PublicKey.User.ID)
	ok(t, err)
	data := append(a.data(hasKey), make([]byte, 16)...) // no model
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(a.id))), a.id...)
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	ok(t, err)
	data = append(data, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32) // COSE: EC2, ES256, P-256, x
	data = append(append(append(data, point[1:33]...), 0x22, 0x58, 32), point[33:]...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	return a.answer(t, map[string]string{
		"clientDataJSON": b64(a.clientData(t, "webauthn.create", options.PublicKey.Challenge)), "attestationObject": b64(append(object, data...)),
	})
}

// get answers options by signing the challenge.
func (a *authenticator) get(t testing.TB, options asked) string {
	t.Helper()
	client, data := a.clientData(t, "webauthn.get", options.PublicKey.Challenge), a.data(0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(data, hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	ok(t, err)
	return a.answer(t, map[string]string{
		"clientDataJSON": b64(client), "authenticatorData": b64(a.data(0)), "signature": b64(signature), "userHandle": b64(a.handle),
	})
}

func (a *authenticator) answer(t testing.TB, response map[string]string) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	ok(t, err)
	return string(raw)
}
