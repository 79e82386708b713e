package handlers

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/layout"
	"payaid/views/settings"
	"payaid/views/ui"
)

// settingsItems lists the pages of the settings that the principal may open.
func (s *server) settingsItems(p auth.Principal) []settings.Item {
	items := []settings.Item{
		{Key: "profile", Label: "Profile", Href: "/settings/profile", Icon: ui.IconUser},
		{Key: "password", Label: "Password", Href: "/settings/password", Icon: ui.IconLock},
		{Key: "security", Label: "Signing in", Href: securityPath, Icon: ui.IconMonitor},
	}
	for _, one := range []struct {
		right auth.Right
		item  settings.Item
	}{
		{auth.BusinessConfigure, settings.Item{Key: "business", Label: "Business", Href: "/settings/business", Icon: ui.IconBuilding2}},
		{auth.PeopleConfigure, settings.Item{Key: "people", Label: "People", Href: "/settings/people", Icon: ui.IconUsers}},
		{auth.TeamsConfigure, settings.Item{Key: "teams", Label: "Teams", Href: "/settings/teams", Icon: ui.IconHandshake}},
		{auth.PeopleConfigure, settings.Item{Key: "rights", Label: "Roles and rights", Href: "/settings/rights", Icon: ui.IconShield}},
		{auth.PeopleConfigure, settings.Item{Key: "rule", Label: "Sign-in rule", Href: rulePath, Icon: ui.IconLock}},
		{auth.TagsConfigure, settings.Item{Key: "tags", Label: "Tags", Href: "/settings/tags", Icon: ui.IconTag}},
		{auth.KeysConfigure, settings.Item{Key: "keys", Label: "API keys", Href: "/settings/keys", Icon: ui.IconKeyRound}},
		{auth.AuditRead, settings.Item{Key: "audit", Label: "Audit log", Href: "/settings/audit", Icon: ui.IconScrollText}},
	} {
		if p.Can(one.right) {
			one.item.Group = settings.GroupBusiness
			items = append(items, one.item)
		}
	}
	return items
}

// showSettings leads to the first of the settings.
func (s *server) showSettings(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	return c.Redirect(s.settingsItems(p)[0].Href, fiber.StatusSeeOther)
}

// settingsFrame returns the frame of a page of the settings and its menu.
func (s *server) settingsFrame(c *fiber.Ctx, title string) (layout.Props, []settings.Item) {
	p, _ := mw.Principal(c)
	frame := s.frame(c, title+" · Settings", "settings")
	frame.Notice = settingsNotice(c)
	return frame, s.settingsItems(p)
}

// settingsNotice reports what the request before did. The address names it only by
// a word of ours.
func settingsNotice(c *fiber.Ctx) *ui.ToastProps {
	title, known := map[string]string{
		"saved": "The changes were saved.", "removed": "The person no longer belongs to the business.", "created": "The team was added.",
		"deleted": "The team was deleted.", "revoked": "The key no longer works.",
		"invited": "The invitation is on its way.", "resent": "The mail is on its way again. The older link no longer works.", "uninvited": "The invitation was revoked.",
		"changed":     "Your password was changed.",
		"tag-created": "The tag was added.", "tag-merged": "The two tags are one now.", "tag-restored": "The tag is back on its records.",
		"ended": "The session has ended.", "ended-others": "You are signed out everywhere else.",
		"factor-on": "Signing in now asks for a second factor.", "factor-off": "The authenticator app is switched off.",
		"passkey-added": "The passkey was added.", "passkey-removed": "The passkey was removed.",
		"factor-reset": "The second factor was reset. The person was told by mail.", "handed-over": "The business has a new owner. You are an administrator now.", "closed": "The business was closed. You are in another one of yours.",
	}[c.Query("done")]
	if !known {
		return nil
	}
	return &ui.ToastProps{Kind: ui.ToastSuccess, Title: title}
}

func (s *server) showRights(c *fiber.Ctx) error {
	frame, items := s.settingsFrame(c, "Roles and rights")
	return respond.Render(c, settings.RightsPage(frame, items))
}

// formVersion reads which version of a record a form changes.
func formVersion(c *fiber.Ctx) (int64, error) {
	version, err := strconv.ParseInt(c.FormValue("version"), 10, 64)
	if err != nil {
		return 0, apperr.Wrap(err, apperr.MissingField, "The form did not say which version it changes. Load the page again.")
	}
	return version, nil
}

// refusal readies the answer to a form that was not taken: it sets the status and
// returns what the form shows. It returns err itself where no form can help.
func refusal(c *fiber.Ctx, err error) ([]ui.FieldError, error) {
	if err == nil {
		return nil, nil
	}
	e := apperr.From(err)
	if !correctable(e) {
		return nil, err
	}
	c.Status(respond.Status(e.Code))
	return fieldErrors(e), nil
}

// fieldErrors are the refused fields of a form, or the sentence when no field is
// to blame.
func fieldErrors(e *apperr.Error) []ui.FieldError {
	out := make([]ui.FieldError, 0, len(e.Details))
	for _, d := range e.Details {
		out = append(out, ui.FieldError{Field: d.Field, Message: d.Message})
	}
	if len(out) == 0 {
		out = append(out, ui.FieldError{Message: e.Message})
	}
	return out
}

// correctable reports whether a form is shown again with the error.
func correctable(e *apperr.Error) bool {
	switch e.Code {
	case apperr.Validation, apperr.AlreadyExists, apperr.BusinessRule, apperr.Conflict:
		return true
	}
	return false
}
