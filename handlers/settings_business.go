package handlers

import (
	"context"
	"io"
	"mime/multipart"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/tenant"
	"payaid/views/settings"
	"payaid/views/ui"
)

// logoBody is what a form with a logo may weigh.
const logoBody = tenant.MaxLogoSize + 1<<20

func (s *server) showBusiness(c *fiber.Ctx) error { return s.showBusinessSettings(c, nil, 0, nil) }

func (s *server) updateBusiness(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	version, err := formVersion(c)
	if err != nil {
		return err
	}
	in := businessInput(c)
	if _, err := s.Settings.UpdateBusiness(c.UserContext(), p, in, version); err != nil {
		return s.showBusinessSettings(c, &in, version, err)
	}
	return leaveTo(c, "/settings/business?done=saved")
}

func businessInput(c *fiber.Ctx) tenant.BusinessInput {
	f := func(name string) string { return c.FormValue(name) }
	month, _ := strconv.Atoi(f("fiscalMonth")) // anything else is no month
	return tenant.BusinessInput{
		Name: f("name"), LegalName: f("legalName"), GSTIN: f("gstin"), AddressLine1: f("addressLine1"), AddressLine2: f("addressLine2"),
		City: f("city"), PIN: f("pin"), StateCode: f("stateCode"), Phone: f("phone"), Email: f("email"), TimeZone: f("timeZone"), FiscalMonth: month,
	}
}

// showBusinessSettings shows the business, after a refusal with why and with what
// was typed, nil for what is stored.
func (s *server) showBusinessSettings(c *fiber.Ctx, typed *tenant.BusinessInput, version int64, refused error) error {
	p, _ := mw.Principal(c)
	errs, err := refusal(c, refused)
	if err != nil {
		return err
	}
	b, err := s.Settings.Business(c.UserContext(), p)
	if err != nil {
		return err
	}
	form := settings.BusinessForm{
		Values: b.Input(), Version: b.Version, Logo: ui.LogoURL(b.Logo), MayEnd: p.Can(auth.BusinessDelete), Errors: errs, CSRF: mw.Token(c),
	}
	if typed != nil {
		form.Values, form.Version = *typed, version
		if apperr.Is(refused, apperr.Conflict) { // saving again replaces what was saved
			form.Current, form.Version, form.Errors = &b, b.Version, nil
		}
	}
	frame, items := s.settingsFrame(c, "Business")
	return respond.Render(c, settings.BusinessPage(frame, items, form))
}

func (s *server) setLogo(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	err := withUpload(c, "logo", func(ctx context.Context, _ *multipart.FileHeader, file io.Reader) error {
		return s.Settings.SetLogo(ctx, p, file)
	})
	if err != nil {
		return s.showBusinessSettings(c, nil, 0, err)
	}
	return leaveTo(c, "/settings/business?done=saved")
}

func (s *server) removeLogo(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	if err := s.Settings.RemoveLogo(c.UserContext(), p); err != nil {
		return err
	}
	return leaveTo(c, "/settings/business?done=saved")
}

func (s *server) showLogo(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	data, err := s.Settings.Logo(c.UserContext(), p, c.Params("sha256"))
	if err != nil {
		return err
	}
	return sendPicture(c, "image/png", data)
}
