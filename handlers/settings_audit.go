package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/audit"
	"payaid/internal/auth"
	"payaid/views/settings"
	"payaid/views/ui"
)

func (s *server) listAudit(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	shown := settings.AuditFilter{
		Actor: c.Query("actor"), Action: c.Query("action"), Entity: c.Query("entity"), EntityID: c.Query("entityId"), From: c.Query("from"), To: c.Query("to"),
	}
	filter, err := auditFilter(shown, p.Location())
	if err != nil {
		return err
	}
	filter.Cursor = c.Query("cursor")
	list := settings.AuditList{Filter: shown}
	if list.Page, err = s.Audit.Entries(c.UserContext(), p, filter); err != nil {
		return err
	}
	if list.Actors, err = s.actorOptions(c, p); err != nil {
		return err
	}
	frame, items := s.settingsFrame(c, "Audit log")
	return respond.Render(c, settings.AuditPage(frame, items, list))
}

// auditFilter reads the filter: days are those of the business.
func auditFilter(shown settings.AuditFilter, zone *time.Location) (audit.Filter, error) {
	var f apperr.Fields
	out := audit.Filter{Action: shown.Action, Entity: shown.Entity}
	for name, value := range map[string]string{"actor": shown.Actor, "entityId": shown.EntityID} {
		id, err := optionalID(value, name, "Choose from the list.")
		switch {
		case err != nil:
			f.Add(name, "Choose from the list.")
		case id != nil && name == "actor":
			out.Actor = *id
		case id != nil:
			out.EntityID = *id
		}
	}
	day := func(name, value string) time.Time {
		if value == "" {
			return time.Time{}
		}
		at, err := time.ParseInLocation(time.DateOnly, value, zone)
		f.Check(err == nil, name, "Enter a date as YYYY-MM-DD.")
		return at
	}
	out.From, out.To = day("from", shown.From), day("to", shown.To)
	if !out.To.IsZero() {
		out.To = out.To.AddDate(0, 0, 1) // the last day is included
	}
	return out, f.Err()
}

// actorOptions lists who may have done something: people, and the newest keys.
func (s *server) actorOptions(c *fiber.Ctx, p auth.Principal) ([]ui.Option, error) {
	colleagues, err := s.Auth.Colleagues(c.UserContext(), p)
	if err != nil {
		return nil, err
	}
	out := []ui.Option{{Label: "Everybody"}}
	for _, one := range colleagues {
		out = append(out, ui.Option{Value: one.UserID.String(), Label: one.Name})
	}
	if !p.Can(auth.KeysConfigure) {
		return out, nil
	}
	page, err := s.Auth.APIKeys(c.UserContext(), p, auth.PageRequest{Limit: 100})
	if err != nil {
		return nil, err
	}
	for _, k := range page.Keys {
		out = append(out, ui.Option{Value: k.ID.String(), Label: "Key: " + k.Name})
	}
	return out, nil
}
