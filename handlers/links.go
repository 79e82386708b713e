package handlers

import (
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/respond"
	"payaid/internal/apperr"
	"payaid/views/signin"
	"payaid/views/ui"
)

// linkOf readies a page behind the link of a mail: it sets the status and returns
// what the page says about err, nil for nothing. It returns err itself where the page
// cannot help.
func linkOf(c *fiber.Ctx, token string, err error) (signin.Link, error) {
	link := signin.Link{Token: token}
	c.Set(fiber.HeaderCacheControl, "no-store")
	if err == nil {
		return link, nil
	}
	e := apperr.From(err)
	switch e.Code {
	case apperr.BusinessRule, apperr.AlreadyExists:
		link.Dead = e.Message
	case apperr.Validation:
		link.Errors = fieldErrors(e)
	case apperr.BadCredentials:
		link.Errors = []ui.FieldError{{Field: "password", Message: e.Message}}
	case apperr.RateLimited:
		link.RateLimited = waitText(e.RetryAfter)
		respond.SetRetryAfter(c, e.RetryAfter)
	default:
		return link, err
	}
	c.Status(respond.Status(e.Code))
	return link, nil
}
