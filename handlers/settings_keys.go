package handlers

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/settings"
)

func (s *server) listKeys(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	page, err := s.Auth.APIKeys(c.UserContext(), p, auth.PageRequest{Cursor: c.Query("cursor")})
	if err != nil {
		return err
	}
	frame, items := s.settingsFrame(c, "API keys")
	return respond.Render(c, settings.KeysPage(frame, items, settings.KeyList{Page: page, Now: s.Now(), CSRF: mw.Token(c)}))
}

func (s *server) newKey(c *fiber.Ctx) error {
	return s.showKeyForm(c, settings.KeyForm{Role: string(auth.Member), Days: "90"})
}

func (s *server) showKeyForm(c *fiber.Ctx, form settings.KeyForm) error {
	p, _ := mw.Principal(c)
	form.Roles, form.CSRF = p.Assignable(), mw.Token(c)
	frame, items := s.settingsFrame(c, "New API key")
	return respond.Render(c, settings.NewKeyPage(frame, items, form))
}

// createKey answers with the secret itself: it is kept nowhere, so no page could
// show it later.
func (s *server) createKey(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	form := settings.KeyForm{Name: c.FormValue("name"), Role: c.FormValue("role"), Days: c.FormValue("expiresAt")}
	for _, scope := range c.Context().PostArgs().PeekMulti("scopes") {
		form.Scopes = append(form.Scopes, string(scope))
	}
	in, err := s.keyInput(form)
	var key auth.APIKey
	var secret string
	if err == nil {
		key, secret, err = s.Auth.AddAPIKey(c.UserContext(), p, in)
	}
	if err != nil {
		if form.Errors, err = refusal(c, err); err != nil {
			return err
		}
		return s.showKeyForm(c, form)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Status(fiber.StatusCreated)
	frame, items := s.settingsFrame(c, "New API key")
	return respond.Render(c, settings.SecretPage(frame, items, key, secret))
}

func (s *server) keyInput(form settings.KeyForm) (auth.APIKeyInput, error) {
	in := auth.APIKeyInput{Name: form.Name, Role: auth.Role(form.Role)}
	for _, scope := range form.Scopes {
		in.Scopes = append(in.Scopes, auth.Right(scope))
	}
	if form.Days == "" {
		return in, nil
	}
	days, err := strconv.Atoi(form.Days)
	if err != nil || days < 1 || days > 3650 {
		var f apperr.Fields
		f.Add("expiresAt", "Choose one of the times from the list.")
		return in, f.Err()
	}
	at := s.Now().Add(time.Duration(days) * 24 * time.Hour)
	in.Expiry = &at
	return in, nil
}

func (s *server) revokeKey(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.Auth.RevokeAPIKey(c.UserContext(), p, id, nil); err != nil {
		return err
	}
	return leaveTo(c, "/settings/keys?done=revoked")
}
