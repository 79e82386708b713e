package mail

import (
	"net/url"
	"strings"

	"payaid/internal/auth"
	"payaid/internal/mail"
)

// Invitation writes the mail that invites somebody into a business. baseURL is the
// address people use.
func Invitation(baseURL string) func(to, inviter, business string, role auth.Role, token string) (mail.Message, error) {
	return func(to, inviter, business string, role auth.Role, token string) (mail.Message, error) {
		// Names are people's own: a line break in one must not end the subject.
		inviter, business = oneLine(inviter), oneLine(business)
		return Letter{
			Subject:  inviter + " invites you to " + business,
			Preview:  "The invitation can be accepted for seven days.",
			Greeting: "Hello,",
			Text:     []string{inviter + " invites you to work in " + business + " on PayAid, as " + strings.ToLower(role.Label()) + ". The invitation is for " + to + " and can be accepted once, for seven days."},
			Button:   Button{Label: "Accept the invitation", Href: InvitationURL(baseURL, token)},
			Notes:    []string{"If you do not know who this is, do nothing: no account is made."},
		}.Message(to)
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// InvitationURL is the link of an invitation.
func InvitationURL(baseURL, token string) string {
	return strings.TrimSuffix(baseURL, "/") + "/invitations/accept?token=" + url.QueryEscape(token)
}
