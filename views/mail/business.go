package mail

import (
	"strings"
	"time"

	"payaid/internal/mail"
)

// HandedOver writes the mail about a business that changed hands. baseURL is the
// address people use.
func HandedOver(baseURL string) func(to, name, business, from, heir string) (mail.Message, error) {
	return func(to, name, business, from, heir string) (mail.Message, error) {
		return Letter{
			Subject:  business + " has a new owner",
			Preview:  from + " handed it over to " + heir + ".",
			Greeting: "Hello " + name + ",",
			Text:     []string{from + " handed " + business + " over to " + heir + ", who is its owner now. " + from + " stays as an administrator."},
			Button:   Button{Label: "Open PayAid", Href: strings.TrimSuffix(baseURL, "/") + "/"},
			Notes:    []string{"If this was not meant to happen, speak to each other at once: the new owner can hand it back."},
		}.Message(to)
	}
}

// Closed writes the mail about a business that was closed. zone is the one in
// which its last day is named.
func Closed(zone *time.Location) func(to, name, business, by string, until time.Time) (mail.Message, error) {
	return func(to, name, business, by string, until time.Time) (mail.Message, error) {
		day := until.In(zone).Format("2 January 2006")
		return Letter{
			Subject:  business + " was closed",
			Preview:  "It can be reopened until " + day + ".",
			Greeting: "Hello " + name + ",",
			Text: []string{
				by + " closed " + business + " in PayAid. Nobody can sign in to it any more, and its API keys are refused.",
				"Until " + day + " the administrator of this PayAid can open it again, with everything in it as it was.",
			},
			Notes: []string{"After that day it cannot be reopened. Its data then stays where it is until the administrator of this PayAid deletes it."},
		}.Message(to)
	}
}
