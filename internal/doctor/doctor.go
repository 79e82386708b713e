// Package doctor looks at an installation and says in words what is wrong with it
// and what to do. It changes nothing, and needs no part of the installation to be
// well: a server that does not answer is one finding, the others are still looked
// at.
package doctor

import (
	"context"
	"net/netip"
	"time"

	"payaid/internal/blob"
	"payaid/internal/mail"
	"payaid/internal/oidc"
)

// patience bounds one look.
const patience = 10 * time.Second

// Status says how bad a finding is.
type Status string

// The statuses. Only Wrong makes an installation sick.
const (
	OK    Status = "ok"
	Warn  Status = "warn"
	Wrong Status = "wrong"
)

// Finding is one thing that was looked at.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	Says   string `json:"says"`         // what it is
	Do     string `json:"do,omitempty"` // what to do about it
}

// Patient is what an installation consists of. An address that is "" is not
// looked at: whoever could not find it reports that.
type Patient struct {
	DatabaseURL    string // as payaid_app
	SessionURL     string
	CacheURL       string
	SecretKey      string
	BaseURL        string
	DataDir        string
	TrustedProxies []netip.Prefix
	Production     bool
	Embedded       bool // the servers are PayAid's own, for one machine
	OpenBlobs      func(ctx context.Context) (blob.Store, error)
	OpenMail       func() (*mail.SMTP, error)                // nil SMTP: there is no server; must be set unless Inside
	Inside         bool                                      // ask nobody outside: not the address, the mail server nor the provider
	Provider       *oidc.Provider                            // nil: nobody signs in by one
	NewestBackup   func(ctx context.Context) (Backup, error) // nil: not looked at
	Now            func() time.Time
}

// Examine looks at everything, one after the other.
func Examine(ctx context.Context, p Patient) []Finding {
	looks := []func(context.Context, Patient) []Finding{database, sessions, cached, objects, backups, room, secret, proxies}
	if !p.Inside {
		looks = append(looks, address, mailServer, provider)
	}
	var found []Finding
	for _, look := range looks {
		ctx, cancel := context.WithTimeout(ctx, patience)
		found = append(found, look(ctx, p)...)
		cancel()
	}
	return found
}

// Sick counts the findings that are wrong.
func Sick(found []Finding) int {
	n := 0
	for _, f := range found {
		if f.Status == Wrong {
			n++
		}
	}
	return n
}

func ok(check, says string) Finding          { return Finding{Check: check, Status: OK, Says: says} }
func warn(check, says, todo string) Finding  { return Finding{check, Warn, says, todo} }
func wrong(check, says, todo string) Finding { return Finding{check, Wrong, says, todo} }

// failed is a look that itself went wrong.
func failed(check string, err error) Finding {
	return wrong(check, "could not be looked at: "+err.Error(), "See that the server is well and run payaid doctor again.")
}
