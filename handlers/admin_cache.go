package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/mw"
	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/internal/platform"
	"payaid/views/admin"
	"payaid/views/ui"
)

func (s *server) showCache(c *fiber.Ctx) error {
	return s.showCacheForms(c, admin.CacheProps{})
}

func (s *server) showCacheForms(c *fiber.Ctx, props admin.CacheProps) error {
	p, _ := mw.Principal(c)
	report, err := s.Platform.Cache(c.UserContext(), p)
	if err != nil {
		return err
	}
	props.Report, props.CSRF = report, mw.Token(c)
	frame := s.frame(c, "Cache", "admin-cache")
	if c.Query("done") == "cleared" {
		frame.Notice = &ui.ToastProps{Kind: ui.ToastSuccess, Title: "The cache was cleared."}
	}
	return respond.Render(c, admin.CachePage(frame, props))
}

func (s *server) clearBusinessCache(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	in := platform.CacheClearing{Slug: c.FormValue("slug"), Tag: c.FormValue("tag")}
	err := s.Platform.ClearBusinessCache(c.UserContext(), p, in)
	return s.cacheCleared(c, err, func(errs []ui.FieldError) admin.CacheProps {
		return admin.CacheProps{Business: in, BusinessErrors: errs}
	})
}

func (s *server) clearCache(c *fiber.Ctx) error {
	p, _ := mw.Principal(c)
	err := s.Platform.ClearCache(c.UserContext(), p, c.FormValue("confirm"))
	return s.cacheCleared(c, err, func(errs []ui.FieldError) admin.CacheProps {
		return admin.CacheProps{AllErrors: errs}
	})
}

// cacheCleared leads back to the page, or shows it with what was refused.
func (s *server) cacheCleared(c *fiber.Ctx, err error, refused func([]ui.FieldError) admin.CacheProps) error {
	if err == nil {
		return leaveTo(c, "/admin/cache?done=cleared")
	}
	e := apperr.From(err)
	if e.Code != apperr.Validation {
		return err
	}
	return s.showCacheForms(c.Status(respond.Status(e.Code)), refused(fieldErrors(e)))
}
