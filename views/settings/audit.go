package settings

import (
	"net/url"
	"strings"
	"unicode"

	"payaid/internal/audit"
	"payaid/views/ui"
)

// AuditFilter is the filter as it stands in the address.
type AuditFilter struct {
	Actor, Action, Entity, EntityID, From, To string // From and To are days, both included
}

// AuditList is one page of the log.
type AuditList struct {
	Filter AuditFilter
	Page   audit.Page
	Actors []ui.Option
}

func (f AuditFilter) url(cursor string) string {
	query := url.Values{}
	for name, value := range map[string]string{
		"actor": f.Actor, "action": f.Action, "entity": f.Entity, "entityId": f.EntityID, "from": f.From, "to": f.To, "cursor": cursor,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return strings.TrimSuffix("/settings/audit?"+query.Encode(), "?")
}

func (f AuditFilter) page(cursor string) string {
	if cursor == "" {
		return ""
	}
	return f.url(cursor)
}

// entities are what the log tells about so far.
var entities = []ui.Option{
	{Value: "", Label: "Everything"}, {Value: "contact", Label: "Contacts"}, {Value: "company", Label: "Companies"}, {Value: "activity", Label: "Activities"}, {Value: "import", Label: "Imports"},
	{Value: "user", Label: "People"}, {Value: "invitation", Label: "Invitations"}, {Value: "team", Label: "Teams"}, {Value: "api_key", Label: "API keys"}, {Value: "tenant", Label: "The business"},
}

// suggestedActions are the usual actions; any other can be typed.
var suggestedActions = []string{
	"contact.create", "contact.update", "contact.delete", "contact.restore", "user.sign_in", "user.sign_out", "user.update", "user.remove",
	"user.join", "user.switch", "invitation.create", "invitation.resend", "invitation.revoke", "invitation.accept", "samples.load", "samples.remove",
	"team.create", "team.update", "team.delete", "api_key.create", "api_key.revoke",
}

// recordLink is where the record of an entry can be opened; "" where it cannot.
func recordLink(e audit.Entry) string {
	if !e.Exists {
		return ""
	}
	switch e.Entity {
	case "contact":
		return "/contacts/" + e.EntityID.String()
	case "import":
		return "/imports/" + e.EntityID.String()
	case "user":
		return "/settings/people/" + e.EntityID.String()
	case "team":
		return "/settings/teams/" + e.EntityID.String()
	}
	return ""
}

// fieldName turns the name of a field into words: "lastName" is "Last name".
func fieldName(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case i == 0:
			b.WriteRune(unicode.ToUpper(r))
		case unicode.IsUpper(r):
			b.WriteString(" " + string(unicode.ToLower(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func orEmpty(value string) string {
	if value == "" {
		return "empty"
	}
	return value
}
