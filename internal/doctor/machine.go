package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"

	"payaid/internal/disk"
)

const (
	diskWarn  = 2 << 30   // bytes free
	diskWrong = 256 << 20 // PostgreSQL stops when there is nothing left

	minSecret = 32 // characters

	certificateWarn = 14 * 24 * time.Hour // renewal ought to have happened by then
)

func room(_ context.Context, p Patient) []Finding {
	const check = "disk"
	free, known, err := disk.Free(p.DataDir)
	if err != nil {
		if p.Embedded {
			return []Finding{failed(check, err)}
		}
		return nil // nothing of this installation is kept here
	}
	if !known {
		return nil
	}
	says := fmt.Sprintf("%.1f GiB free in %s", float64(free)/(1<<30), p.DataDir)
	const todo = "Delete what is not needed, or give the disk more room."
	switch {
	case free < diskWrong:
		return []Finding{wrong(check, says, todo)}
	case free < diskWarn:
		return []Finding{warn(check, says, todo)}
	}
	return []Finding{ok(check, says)}
}

// address looks at what people type: https, and how long its certificate lasts.
func address(ctx context.Context, p Patient) []Finding {
	const check = "address"
	u, err := url.Parse(p.BaseURL)
	if err != nil || u.Host == "" {
		return []Finding{wrong(check, fmt.Sprintf("%q is no address", p.BaseURL), "Set PAYAID_BASE_URL, such as https://crm.example.in.")}
	}
	if u.Scheme != "https" {
		if p.Production {
			return []Finding{wrong(check, p.BaseURL+" is not https: anybody on the way can read passwords", "Put a proxy with a certificate in front and set PAYAID_BASE_URL to its https address.")}
		}
		return []Finding{ok(check, p.BaseURL)}
	}
	return []Finding{ok(check, p.BaseURL), certificate(ctx, u, p.Now())}
}

func certificate(ctx context.Context, u *url.URL, now time.Time) Finding {
	const check = "certificate"
	port := u.Port()
	if port == "" {
		port = "443"
	}
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if _, refused := err.(*tls.CertificateVerificationError); refused { //nolint:errorlint // the dialer returns it as it is
		return wrong(check, "browsers refuse it: "+err.Error(), "Renew it, or let the proxy send the whole chain.")
	}
	if err != nil {
		return warn(check, "the address does not answer from here: "+err.Error(), "See from another machine that it does.")
	}
	defer func() { _ = conn.Close() }()
	ends := conn.(*tls.Conn).ConnectionState().PeerCertificates[0].NotAfter
	says := "valid until " + ends.Format("2 Jan 2006")
	if ends.Sub(now) < certificateWarn {
		return warn(check, says, "Renew it: its renewal ought to have happened by now.")
	}
	return ok(check, says)
}

func secret(_ context.Context, p Patient) []Finding {
	const check = "secret key"
	if p.SecretKey == "" {
		return nil
	}
	if len(p.SecretKey) < minSecret {
		f := warn(check, fmt.Sprintf("has %d characters only", len(p.SecretKey)), fmt.Sprintf("Set PAYAID_SECRET_KEY to at least %d random characters.", minSecret))
		if p.Production {
			f.Status = Wrong
		}
		return []Finding{f}
	}
	return []Finding{ok(check, "long enough")}
}

func proxies(_ context.Context, p Patient) []Finding {
	const check = "trusted proxies"
	for _, n := range p.TrustedProxies {
		if n.Bits() == 0 {
			return []Finding{wrong(check, n.String()+" is everybody: who asks may claim any address and go around every limit", "Name the networks of the proxies alone in PAYAID_TRUSTED_PROXIES.")}
		}
	}
	if p.Production && len(p.TrustedProxies) == 0 {
		return []Finding{warn(check, "none: behind a proxy everybody seems to come from its address and shares one limit", "Name the proxy's network in PAYAID_TRUSTED_PROXIES.")}
	}
	return []Finding{ok(check, fmt.Sprintf("%d networks", len(p.TrustedProxies)))}
}
