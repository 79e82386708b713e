package settings

import (
	"slices"
	"strings"
	"time"

	"payaid/internal/auth"
	"payaid/views/ui"
)

// KeyList is one page of API keys at a moment.
type KeyList struct {
	Page auth.APIKeyPage
	Now  time.Time
	CSRF string
}

// KeyForm is the form of a new API key as it was filled in.
type KeyForm struct {
	Name, Role, Days string
	Scopes           []string
	Roles            []auth.Role
	Errors           []ui.FieldError
	CSRF             string
}

// KeyDays are the lifetimes to choose from, in days; "" is for ever.
var KeyDays = []ui.Option{{Value: "30", Label: "30 days"}, {Value: "90", Label: "90 days"}, {Value: "365", Label: "1 year"}, {Value: "", Label: "It does not expire"}}

// RotateForm is the form that gives a key a new secret.
type RotateForm struct {
	Key     auth.APIKey
	Overlap string
	Errors  []ui.FieldError
	CSRF    string
}

func (f RotateForm) sheet() ui.FormSheetProps {
	return ui.FormSheetProps{
		Title: "New secret for " + f.Key.Name, Text: "Name, role, rights and expiry stay. The new secret is shown once, on the next page.",
		Action: keyURL(f.Key, "rotate"), Cancel: "/settings/keys", Submit: "Make a new secret", CSRF: f.CSRF, Errors: f.Errors,
	}
}

func keyURL(k auth.APIKey, verb string) string { return "/settings/keys/" + k.ID.String() + "/" + verb }

var overlapOptions = []ui.Option{
	{Value: string(auth.OverlapNone), Label: "It ends at once"}, {Value: string(auth.OverlapHour), Label: "1 hour"},
	{Value: string(auth.OverlapDay), Label: "24 hours"}, {Value: string(auth.OverlapWeek), Label: "7 days"},
}

func (f KeyForm) scope(r auth.Right) ui.FieldProps {
	return ui.FieldProps{ID: "scope-" + strings.ReplaceAll(string(r), ":", "-"), Name: "scopes", Label: r.Label(), Value: string(r), Checked: slices.Contains(f.Scopes, string(r))}
}

// keyRights lists what a key can have at all: nothing that an owner alone may do.
func keyRights() []auth.Right {
	return slices.DeleteFunc(slices.Clone(auth.Rights), func(r auth.Right) bool { return !auth.Admin.Has(r) })
}

func (f KeyForm) scopeError() string { return field(f.Errors, "scopes", "", "").Error }

func keyState(k auth.APIKey, now time.Time) (string, ui.Tone) {
	switch k.State(now) {
	case auth.KeyRevoked:
		return "Revoked", ui.ToneDanger
	case auth.KeyExpired:
		return "Expired", ui.ToneWarn
	}
	return "Active", ui.ToneOK
}

func keyScopes(k auth.APIKey) string {
	if len(k.Scopes) == 0 {
		return "All of the role"
	}
	out := make([]string, len(k.Scopes))
	for i, r := range k.Scopes {
		out[i] = string(r)
	}
	return strings.Join(out, ", ")
}
