package mail

import (
	"strings"
	"time"

	"payaid/internal/auth"
	"payaid/internal/mail"
)

// SecurityNotice writes the mails about changes of a person's ways of signing in.
// baseURL is the address people use.
func SecurityNotice(baseURL string) auth.NoticeLetter {
	base := strings.TrimSuffix(baseURL, "/")
	return func(to, name string, n auth.Notice, at time.Time) (mail.Message, error) {
		w := wordsOf(n)
		return Letter{
			Subject:  w.subject,
			Preview:  "If this was you, there is nothing to do.",
			Greeting: "Hello " + name + ",",
			Text:     []string{w.text + " This concerns your PayAid account " + to + ", and happened on " + at.In(india).Format("2 January 2006 at 3:04 pm") + " (India)."},
			Button:   Button{Label: w.button, Href: base + w.path},
			Notes:    []string{"If this was you, there is nothing to do.", w.otherwise},
		}.Message(to)
	}
}

// India has one zone and no summer time, so this needs no zone database.
var india = time.FixedZone("IST", 5*60*60+30*60)

type words struct{ subject, text, button, path, otherwise string }

const (
	lookAfter = "Look at how you sign in"
	security  = "/settings/security"
	notYou    = "If it was not you, somebody may know your password: set a new one at once with “Forgot your password?” on the sign-in page, and tell the administrator of your business."
)

func wordsOf(n auth.Notice) words {
	w := words{button: lookAfter, path: security, otherwise: notYou}
	switch n {
	case auth.NoticePasswordChanged:
		w.subject, w.text = "Your PayAid password was changed", "Your password was changed. You were signed out everywhere else."
		w.button, w.path = "Set another password", "/password/forgot"
	case auth.NoticeAuthenticatorOn:
		w.subject, w.text = "Your authenticator app is switched on for PayAid", "From now on signing in asks for a code of your authenticator app."
	case auth.NoticeAuthenticatorOff:
		w.subject, w.text = "Your authenticator app is switched off for PayAid", "Signing in no longer asks for a code of your authenticator app."
	case auth.NoticeRecoveryCodesMade:
		w.subject, w.text = "You have new recovery codes for PayAid", "New recovery codes were made. The ones from before no longer work."
	case auth.NoticeRecoveryCodeUsed:
		w.subject, w.text = "A recovery code was used to sign in to PayAid", "Somebody signed in with your password and one of your recovery codes. That code does not work again."
	case auth.NoticePasskeyAdded:
		w.subject, w.text = "A passkey was added to your PayAid account", "A passkey was added. Whoever has it can sign in."
	case auth.NoticePasskeyRemoved:
		w.subject, w.text = "A passkey was removed from your PayAid account", "A passkey was removed and no longer signs in."
	case auth.NoticeFactorsReset:
		w.subject, w.text = "Your second factor for PayAid was reset", "An administrator removed your authenticator app, your passkeys and your recovery codes. You were signed out everywhere; your password alone signs you in."
		w.otherwise = "If you did not ask for it, talk to the administrator of your business."
	}
	return w
}
