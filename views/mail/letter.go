// Package mail holds the words and the look of the mails that PayAid sends. Both
// forms of a mail, text and HTML, are made from one Letter, so that they cannot
// say different things.
package mail

import (
	"context"
	"fmt"
	"strings"

	"payaid/internal/mail"
)

// Letter is what a mail says.
type Letter struct {
	Subject  string
	Preview  string // what lists of mails show beside the subject
	Greeting string // "Hello Asha,"
	Text     []string
	Button   Button
	Notes    []string // small print under the button
}

// Button is the one thing that a mail asks to do.
type Button struct {
	Label string
	Href  string
}

// signature says who writes, under every mail.
const signature = "PayAid sends this because somebody used your e-mail address. Nobody reads answers to it."

// Message makes both forms of the letter.
func (l Letter) Message(to string) (mail.Message, error) {
	var html strings.Builder
	if err := document(l).Render(context.Background(), &html); err != nil {
		return mail.Message{}, fmt.Errorf("draw the mail %q: %w", l.Subject, err)
	}
	return mail.Message{To: to, Subject: l.Subject, Text: l.plain(), HTML: html.String()}, nil
}

// plain is the letter as text. The link has a line of its own, so that every mail
// program finds its end.
func (l Letter) plain() string {
	parts := []string{l.Greeting}
	parts = append(parts, l.Text...)
	if l.Button.Href != "" {
		parts = append(parts, l.Button.Label+":\n"+l.Button.Href)
	}
	parts = append(parts, l.Notes...)
	return strings.Join(parts, "\n\n") + "\n\n-- \n" + signature + "\n"
}
