// Package mailbox holds the pages on which platform administrators see the mails of the installation.
package mailbox

import (
	"strings"

	"github.com/google/uuid"

	"payaid/internal/mail"
	"payaid/views/ui"
)

func mailURL(id uuid.UUID) string { return "/admin/mail/" + id.String() }

func pageURL(cursor string) string {
	if cursor == "" {
		return ""
	}
	return "/admin/mail?cursor=" + cursor
}

func stateLabel(state string) string {
	switch state {
	case mail.StateHeld:
		return "Held"
	case mail.StateKept:
		return "Kept here"
	case mail.StateSent:
		return "Sent"
	case mail.StateFailed:
		return "Not sent"
	}
	return "Waiting"
}

func stateTone(state string) ui.Tone {
	switch state {
	case mail.StateHeld:
		return ui.ToneWarn
	case mail.StateKept:
		return ui.ToneInfo
	case mail.StateSent:
		return ui.ToneOK
	case mail.StateFailed:
		return ui.ToneDanger
	}
	return ui.ToneNeutral
}

// isLink reports whether a line of a mail is an address and nothing else.
func isLink(line string) bool {
	return (strings.HasPrefix(line, "http://") || strings.HasPrefix(line, "https://")) && !strings.ContainsAny(line, " \t\"<>")
}
