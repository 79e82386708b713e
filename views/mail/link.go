package mail

import (
	"strings"

	"payaid/internal/mail"
)

// IdentityLinked writes the mail that tells somebody that their account can now be
// opened by a provider. baseURL is the address people use.
func IdentityLinked(baseURL string) func(to, name, provider string) (mail.Message, error) {
	return func(to, name, provider string) (mail.Message, error) {
		return Letter{
			Subject:  "Your PayAid account now opens with " + provider,
			Preview:  "If this was you, there is nothing to do.",
			Greeting: "Hello " + name + ",",
			Text: []string{
				"Somebody, hopefully you, signed in to PayAid with " + provider + " as " + to + ". From now on this account there opens your account here, beside your password.",
			},
			Button: Button{Label: "Open PayAid", Href: strings.TrimSuffix(baseURL, "/") + "/"},
			Notes:  []string{"If this was not you, tell whoever runs PayAid for your business at once, and change the password of your account at " + provider + "."},
		}.Message(to)
	}
}
