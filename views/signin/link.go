// Package signin holds the pages before anybody is signed in: sign-in, its second step, sign-up, invitations and new passwords.
package signin

import "payaid/views/ui"

// Link is what became of a page behind the link of a mail.
type Link struct {
	Token       string
	Dead        string // why the link does not work, "" when it does
	Errors      []ui.FieldError
	RateLimited string // how long to wait; "" while more tries are allowed
}
