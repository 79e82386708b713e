package doctor

import (
	"context"
	"errors"
	"fmt"
	stdmail "net/mail"
	"net/netip"
	"strings"
	"time"

	"payaid/db"
	"payaid/internal/mail"
)

const (
	recentMails = 7 * 24 * time.Hour // how far back mailQueue looks
	maxMailWait = 15 * time.Minute   // a mail goes within seconds when all is well
)

// mailServer signs in where mails are sent from, and sends nothing.
func mailServer(ctx context.Context, p Patient) []Finding {
	const check = "mail"
	smtp, err := p.OpenMail()
	if err != nil {
		return []Finding{wrong(check, err.Error(), "Correct PAYAID_SMTP_URL.")}
	}
	if smtp == nil {
		if p.Production {
			return []Finding{warn(check, "there is no mail server: invitations and links for a new password reach nobody, they stay at /admin/mail", "Set PAYAID_SMTP_URL.")}
		}
		return []Finding{ok(check, "there is no mail server: mails land at /admin/mail")}
	}
	return []Finding{signInAtMailServer(ctx, smtp), mailSender(smtp.From(), p.Production)}
}

func signInAtMailServer(ctx context.Context, smtp *mail.SMTP) Finding {
	const check = "mail"
	encrypted, err := smtp.Check(ctx)
	switch {
	case errors.Is(err, mail.ErrLogin):
		return wrong(check, "no mail is sent: "+err.Error(), "Correct user and password in PAYAID_SMTP_URL; signs such as @ and / are written %40 and %2F there.")
	case err != nil:
		return wrong(check, "no mail is sent: "+err.Error(),
			"See that this machine may reach the mail server, and that PAYAID_SMTP_URL names its host, port and kind: smtp:// is STARTTLS, usually port 587, and smtps:// is TLS from the start, port 465.")
	case !encrypted:
		return ok(check, "the mail server takes mails, without TLS")
	}
	return ok(check, "the mail server takes mails, over TLS")
}

// mailSender looks at what mails come from: other servers refuse a sender whose
// domain cannot exist.
func mailSender(from string, production bool) Finding {
	const check = "mail sender"
	_, domain, _ := strings.Cut(from, "@")
	_, notAddress := netip.ParseAddr(domain)
	if _, err := stdmail.ParseAddress(from); err != nil || production && (notAddress == nil || !strings.Contains(domain, ".")) {
		return warn(check, "mails come from "+from+", which other mail servers refuse", "Name an address of your own domain in PAYAID_SMTP_URL: …?from=crm@example.in.")
	}
	return ok(check, from)
}

// mailQueue counts the mails that did not leave.
func mailQueue(ctx context.Context, d *db.DB, now time.Time) Finding {
	const check = "mail queue"
	var failedMails, late int
	err := d.Pool().QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE state = $1), count(*) FILTER (WHERE state = $2 AND created_at < $3)
		FROM mailbox_messages WHERE created_at >= $4`,
		mail.StateFailed, mail.StateWaiting, now.Add(-maxMailWait), now.Add(-recentMails)).Scan(&failedMails, &late)
	if err != nil {
		return failed(check, err)
	}
	var says, todo []string
	if failedMails > 0 {
		says = append(says, fmt.Sprintf("%d of the last 7 days could not be sent", failedMails))
		todo = append(todo, "Read at /admin/mail what the mail server answered, and send them again there.")
	}
	if late > 0 {
		says = append(says, fmt.Sprintf("%d waiting for more than 15 minutes", late))
		todo = append(todo, "See that a worker runs, and at /admin/mail whether the mail server refused them so far.")
	}
	if len(says) > 0 {
		return warn(check, strings.Join(says, ", "), strings.Join(todo, " "))
	}
	return ok(check, "no mail of the last 7 days is stuck")
}
