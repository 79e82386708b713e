package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/auth"
	"payaid/views/settings"
)

func (s *server) showRotation(c *fiber.Ctx) error {
	return s.showRotationForm(c, string(auth.OverlapDay), nil)
}

// rotateKey answers with the secret itself: it is kept nowhere, so no page could
// show it later.
func (s *server) rotateKey(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	overlap := c.FormValue("overlap")
	key, secret, err := s.Auth.RotateAPIKey(c.UserContext(), p, id, auth.Overlap(overlap), nil)
	if err != nil {
		return s.showRotationForm(c, overlap, err)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	frame, items := s.settingsFrame(c, "New secret")
	return respond.Render(c, settings.SecretPage(frame, items, key, secret))
}

// showRotationForm shows the form, after a refusal with why.
func (s *server) showRotationForm(c *fiber.Ctx, overlap string, refused error) error {
	p, _ := mw.Principal(c)
	id, err := pathID(c)
	if err != nil {
		return err
	}
	errs, err := refusal(c, refused)
	if err != nil {
		return err
	}
	key, err := s.Auth.APIKey(c.UserContext(), p, id)
	if err != nil {
		return err
	}
	frame, items := s.settingsFrame(c, "New secret for "+key.Name)
	return respond.Render(c, settings.RotatePage(frame, items, settings.RotateForm{Key: key, Overlap: overlap, Errors: errs, CSRF: mw.Token(c)}))
}
