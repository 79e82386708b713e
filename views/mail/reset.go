package mail

import (
	"net/url"
	"strings"

	"payaid/internal/mail"
)

// PasswordReset writes the mail with the link that sets a new password. baseURL is
// the address people use.
func PasswordReset(baseURL string) func(to, name, token string) (mail.Message, error) {
	return func(to, name, token string) (mail.Message, error) {
		return Letter{
			Subject:  "Set a new password for PayAid",
			Preview:  "The link works once, for one hour.",
			Greeting: "Hello " + name + ",",
			Text:     []string{"Somebody, hopefully you, asked for a new password for your PayAid account " + to + ". Use this link to set it. It works once, for one hour."},
			Button:   Button{Label: "Set a new password", Href: strings.TrimSuffix(baseURL, "/") + "/password/reset?token=" + url.QueryEscape(token)},
			Notes: []string{
				"Setting a new password signs you out everywhere.",
				"If you did not ask for it, do nothing: your password stays as it is.",
			},
		}.Message(to)
	}
}
