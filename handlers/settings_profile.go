package handlers

import (
	"context"
	"io"
	"mime/multipart"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/views/settings"
	"payaid/views/ui"
)

// photoBody is what a form with a photo may weigh.
const photoBody = auth.MaxPhotoSize + 1<<20

func (s *server) showProfile(c *fiber.Ctx) error { return s.showProfileForm(c, nil, nil) }

func (s *server) updateProfile(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	name, theme, keys := c.FormValue("name"), c.FormValue("theme"), c.FormValue("singleKeys") != ""
	patch := auth.ProfilePatch{Name: &name, Theme: &theme, SingleKeys: &keys}
	if _, err := s.Auth.UpdateProfile(c.UserContext(), p, patch); err != nil {
		return s.showProfileForm(c, &patch, err)
	}
	return leaveTo(c, "/settings/profile?done=saved")
}

// showProfileForm shows the profile, after a refusal with why and with what was
// typed, nil for what is stored.
func (s *server) showProfileForm(c *fiber.Ctx, typed *auth.ProfilePatch, refused error) error {
	p, _ := mw.Principal(c)
	errs, err := refusal(c, refused)
	if err != nil {
		return err
	}
	profile, err := s.Auth.Profile(c.UserContext(), p)
	if err != nil {
		return err
	}
	form := settings.ProfileForm{
		Name: profile.Name, Email: profile.Email, Theme: profile.Theme, SingleKeys: profile.SingleKeys,
		Photo: ui.PhotoURL(p.UserID.String(), profile.Photo), Errors: errs, CSRF: mw.Token(c),
	}
	if typed != nil {
		form.Name, form.Theme, form.SingleKeys = *typed.Name, *typed.Theme, *typed.SingleKeys
	}
	frame, items := s.settingsFrame(c, "Profile")
	return respond.Render(c, settings.ProfilePage(frame, items, form))
}

// setAppearance takes one choice of the account menu or of the keyboard help,
// which show it already.
func (s *server) setAppearance(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	var patch auth.ProfilePatch
	if c.FormValue("part") == "keys" {
		keys := c.FormValue("singleKeys") != ""
		patch.SingleKeys = &keys
	} else {
		theme := c.FormValue("theme")
		patch.Theme = &theme
	}
	if _, err := s.Auth.UpdateProfile(c.UserContext(), p, patch); err != nil {
		return err
	}
	if respond.IsPartial(c) {
		return c.SendStatus(fiber.StatusNoContent)
	}
	return c.Redirect("/settings/profile?done=saved", fiber.StatusSeeOther)
}

func (s *server) setPhoto(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	err := withUpload(c, "photo", func(ctx context.Context, _ *multipart.FileHeader, file io.Reader) error {
		return s.Photos.SetPhoto(ctx, p, file)
	})
	if err != nil {
		return s.showProfileForm(c, nil, err)
	}
	return leaveTo(c, "/settings/profile?done=saved")
}

func (s *server) removePhoto(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	if err := s.Photos.RemovePhoto(c.UserContext(), p); err != nil {
		return err
	}
	return leaveTo(c, "/settings/profile?done=saved")
}

func (s *server) showPhoto(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	user, err := uuid.Parse(c.Params("user"))
	if err != nil {
		return apperr.New(apperr.NotFound, "There is no such photo.")
	}
	data, err := s.Photos.Photo(c.UserContext(), p, user, c.Params("sha256"))
	if err != nil {
		return err
	}
	return sendPicture(c, "image/jpeg", data)
}

// sendPicture answers a picture of ours. Its address names its content, so that a
// browser keeps it and never asks again; only whoever may see it gets the address.
func sendPicture(c *fiber.Ctx, contentType string, data []byte) error {
	c.Set(fiber.HeaderCacheControl, "private, max-age=31536000, immutable")
	c.Set(fiber.HeaderContentSecurityPolicy, mw.PictureCSP)
	c.Set(fiber.HeaderContentType, contentType)
	return c.Send(data)
}
