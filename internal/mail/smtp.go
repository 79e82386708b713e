package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	stdmail "net/mail"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"
)

// smtpTimeout bounds the whole talk with the server, checkTimeout that of Check.
const (
	smtpTimeout  = 30 * time.Second
	checkTimeout = 5 * time.Second
)

// ErrLogin is part of a Check's error when the server refused user and password.
var ErrLogin = errors.New("the server refuses the sign-in")

// SMTP sends mails through one server. Each mail has a connection of its own.
type SMTP struct {
	host    string
	options []gomail.Option
	from    *stdmail.Address
	domain  string // of Message-IDs
}

// NewSMTP reads an address such as smtp://user:password@mail.example.in:587
// (STARTTLS) or smtps://… (TLS from the start, port 465). A password never
// travels in the clear except to this machine itself. Mails come from
// no-reply@ the host of baseURL, or from ?from= in the address.
func NewSMTP(address, baseURL string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		// The error of url.Parse quotes the address, which holds a password.
		return nil, errors.New("not an address such as smtp://user:password@mail.example.in:587 or smtps://…")
	}
	s := &SMTP{host: u.Hostname()}
	if s.from, err = sender(u.Query().Get("from"), baseURL); err != nil {
		return nil, err
	}
	_, s.domain, _ = strings.Cut(s.from.Address, "@")
	if s.options, err = options(u); err != nil {
		return nil, err
	}
	if _, err := gomail.NewClient(s.host, s.options...); err != nil {
		return nil, fmt.Errorf("the mail client refuses the address: %w", err)
	}
	return s, nil
}

func options(u *url.URL) ([]gomail.Option, error) {
	tls, port := gomail.TLSOpportunistic, 587
	out := []gomail.Option{gomail.WithTimeout(smtpTimeout)}
	if u.User.Username() != "" {
		password, _ := u.User.Password()
		out = append(out, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
		if !loopback(u.Hostname()) {
			tls = gomail.TLSMandatory
		}
	}
	if u.Scheme == "smtps" {
		port = 465
		out = append(out, gomail.WithSSL())
	} else {
		out = append(out, gomail.WithTLSPolicy(tls))
	}
	if u.Port() != "" {
		n, err := strconv.Atoi(u.Port())
		if err != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("%q is no port", u.Port())
		}
		port = n
	}
	return append(out, gomail.WithPort(port)), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// sender is who mails come from.
func sender(from, baseURL string) (*stdmail.Address, error) {
	if from != "" {
		a, err := stdmail.ParseAddress(from)
		if err != nil {
			return nil, fmt.Errorf("from=%q is no mail address", from)
		}
		if a.Name == "" {
			a.Name = "PayAid"
		}
		return a, nil
	}
	u, err := url.Parse(baseURL)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("without ?from= the base address must name a host")
	}
	return &stdmail.Address{Name: "PayAid", Address: "no-reply@" + u.Hostname()}, nil
}

// Send hands one mail to the server. The Message-ID follows from the id, so that
// a mail which is sent again can be recognised as the same.
func (s *SMTP) Send(ctx context.Context, id uuid.UUID, written time.Time, m Message) error {
	msg := gomail.NewMsg()
	msg.FromMailAddress(s.from)
	if err := msg.To(m.To); err != nil {
		return fmt.Errorf("recipient: %w", err)
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(written)
	msg.SetMessageIDWithValue(id.String() + "@" + s.domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no holiday replies
	for name, value := range m.Headers {
		msg.SetGenHeader(gomail.Header(name), value)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("mail client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, smtpTimeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("send the mail: %w", err)
	}
	return nil
}

// From is the address that mails come from, without a name.
func (s *SMTP) From() string { return s.from.Address }

// Check signs in at the server as Send does and leaves again: nothing is sent. It
// tells whether the talk was encrypted. The error is ErrLogin, too, when the
// server knows neither user nor password; it takes 5 s at most for each step.
func (s *SMTP) Check(ctx context.Context) (encrypted bool, err error) {
	timeout := checkTimeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline))
	}
	client, err := gomail.NewClient(s.host, append(slices.Clone(s.options), gomail.WithTimeout(timeout))...)
	if err != nil {
		return false, fmt.Errorf("mail client: %w", err)
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code/10 == 53 {
		return false, fmt.Errorf("%w: %w", ErrLogin, err)
	}
	if err != nil {
		return false, fmt.Errorf("reach the mail server: %w", err)
	}
	state, err := conn.GetTLSConnectionState()
	encrypted = err == nil && state.HandshakeComplete
	if err := client.CloseWithSMTPClient(conn); err != nil {
		return encrypted, fmt.Errorf("leave the mail server: %w", err)
	}
	return encrypted, nil
}
