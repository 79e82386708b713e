package settings

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/internal/factor"
	"payaid/views/ui"
)

// SecurityProps are what the page about a person's own ways of signing in shows.
type SecurityProps struct {
	Factors      factor.State
	Passkeys     []factor.Passkey
	PasskeysWork bool // false at an address that passkeys cannot be bound to
	Sessions     []SessionRow
	Refused      Refusal
	CSRF         string
}

// The forms of the page that ask for the password.
const (
	FormTurnOff       = "turn-off"
	FormRecoveryCodes = "recovery-codes"
)

// RemovalOf names the form that removes a passkey.
func RemovalOf(passkey uuid.UUID) string { return "remove-" + passkey.String() }

// Refusal is what was wrong with one form of the page.
type Refusal struct {
	Form        string
	PassError   string
	RateLimited string // how long to wait, such as "2 minutes"
}

// of is the refusal if it concerns this form.
func (r Refusal) of(form string) Refusal {
	if r.Form == form {
		return r
	}
	return Refusal{}
}

// SessionRow is one browser in which the person is signed in.
type SessionRow struct {
	Handle   string
	Device   string
	IP       string
	Business string // "" for one that the person no longer belongs to
	Begun    time.Time
	LastSeen time.Time
	Current  bool // the one that asks
}

// AuthenticatorForm is what the page that sets up an authenticator app shows.
type AuthenticatorForm struct {
	Proposal  factor.Proposal
	CodeError string
	Required  bool // the business does not let the person do anything else before
	CSRF      string
	qr        qrCode
}

// NewAuthenticatorForm draws the code to scan.
func NewAuthenticatorForm(p factor.Proposal) (AuthenticatorForm, error) {
	code, err := newQR(p.URI)
	return AuthenticatorForm{Proposal: p, qr: code}, err
}

func (f AuthenticatorForm) errors() []ui.FieldError {
	if f.CodeError == "" {
		return nil
	}
	return []ui.FieldError{{Field: "code", Message: f.CodeError}}
}

// codesFile is an address that downloads the codes as a text file.
func codesFile(codes []string) string {
	return "data:text/plain;charset=utf-8," + url.PathEscape("Recovery codes of PayAid. Each works once.\n\n"+strings.Join(codes, "\n")+"\n")
}

func codesLeft(n int) string {
	switch n {
	case 0:
		return "No recovery code is left."
	case 1:
		return "One recovery code is left."
	}
	return strconv.Itoa(n) + " recovery codes are left."
}
