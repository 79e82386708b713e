package settings

import (
	"time"

	"payaid/internal/auth"
	"payaid/internal/join"
	"payaid/views/ui"
)

// InvitationList are the invitations that nobody used or took back.
type InvitationList struct {
	Invitations []join.Invitation
	Now         time.Time
	CSRF        string
	ShowLinks   bool // offers the link itself, since no mail reaches anybody
}

// InvitationForm is an invitation as it was typed.
type InvitationForm struct {
	Email, Role, Team string
	Roles             []auth.Role
	Teams             []ui.Option
	Errors            []ui.FieldError
	CSRF              string
}

func (f InvitationForm) email() ui.FieldProps {
	p := required(field(f.Errors, "email", "E-mail", f.Email))
	p.Type, p.Autofocus, p.Autocomplete = "email", true, "off"
	return p
}

func invitationState(i join.Invitation, now time.Time) (string, ui.Tone) {
	if i.State(now) == join.Expired {
		return "Expired", ui.ToneWarn
	}
	return "Open", ui.ToneInfo
}

func invitationURL(i join.Invitation) string { return "/settings/invitations/" + i.ID.String() }

func invitedAs(i join.Invitation) string {
	if i.Team == "" {
		return i.Role.Label()
	}
	return i.Role.Label() + " · " + i.Team
}
