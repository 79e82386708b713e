package mail

import (
	"net/url"
	"strings"

	"payaid/internal/mail"
)

// SignUp writes the mail with the link that finishes a sign-up. baseURL is the
// address people use.
func SignUp(baseURL string) func(to, token string) (mail.Message, error) {
	return func(to, token string) (mail.Message, error) {
		return Letter{
			Subject:  "Finish your sign-up for PayAid",
			Preview:  "The link works once, for 24 hours.",
			Greeting: "Hello,",
			Text:     []string{"Somebody, hopefully you, began to sign up for PayAid with " + to + ". Use this link to name your business and to choose a password. It works once, for 24 hours."},
			Button:   Button{Label: "Finish the sign-up", Href: SignUpURL(baseURL, token)},
			Notes:    []string{"If you did not ask for it, do nothing: no account was made."},
		}.Message(to)
	}
}

// SignUpKnown writes the mail to somebody who asked to sign up and has an account.
func SignUpKnown(baseURL string) func(to, name string) (mail.Message, error) {
	return func(to, name string) (mail.Message, error) {
		base := strings.TrimSuffix(baseURL, "/")
		return Letter{
			Subject:  "You already have a PayAid account",
			Preview:  "Sign in with it.",
			Greeting: "Hello " + name + ",",
			Text: []string{
				"Somebody, hopefully you, tried to sign up for PayAid with " + to + ". There is an account with this e-mail already: sign in with it.",
				"If you forgot the password, set a new one at " + base + "/password/forgot. To add another business, sign in and choose “New business” in the menu at the top left.",
			},
			Button: Button{Label: "Sign in", Href: base + "/login"},
			Notes:  []string{"If it was not you, do nothing: nothing was changed."},
		}.Message(to)
	}
}

// SignUpURL is the link that finishes a sign-up.
func SignUpURL(baseURL, token string) string {
	return strings.TrimSuffix(baseURL, "/") + "/signup/finish?token=" + url.QueryEscape(token)
}
