package api

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/respond"
	"payaid/internal/apperr"
)

// Error is every error as the document describes it. What is sent comes from
// handlers/respond, which answers errors on every path.
type Error struct {
	respond.ErrorBody
	status int
}

// Error makes it an error for huma; nobody reads the text.
func (e *Error) Error() string { return "refused" }

// GetStatus returns the status that huma chose. It is not the one sent.
func (e *Error) GetStatus() int { return e.status }

const failureKey = "api failure"

// fail leaves an operation's error where answer finds it.
func fail(c *fiber.Ctx, err error) { c.Locals(failureKey, err) }

func failureOf(c *fiber.Ctx) error {
	err, _ := c.Locals(failureKey).(error)
	return err
}

// overrideErrors makes huma hand over its errors, and those of operations, instead
// of answering them. The hooks are variables of huma's package, hence the once.
var overrideErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError { return &Error{status: status} }
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		if ctx != nil {
			fail(humafiber.UnwrapV2(ctx), explain(status, message, errs))
		}
		return &Error{status: status}
	}
})

// explain finds the error that huma reports by a status and its parts: the error of
// an operation, or what huma itself refuses.
func explain(status int, message string, errs []error) error {
	err := errors.Join(errs...)
	if _, ours := errors.AsType[*apperr.Error](err); ours {
		return err
	}
	switch {
	case status == fiber.StatusUnprocessableEntity:
		return refused(errs)
	case status == fiber.StatusBadRequest && err == nil:
		return apperr.New(apperr.MissingField, "This address needs a JSON body.")
	case status == fiber.StatusBadRequest:
		e := apperr.Wrap(err, apperr.InvalidInput, "The body is not valid JSON.")
		e.Details = details(errs)
		return e
	case status == fiber.StatusUnsupportedMediaType:
		return fiber.NewError(status)
	case err == nil:
		return errors.New(message)
	}
	return err
}

const (
	// unreadValue refuses a value of the right type that its field cannot hold.
	unreadValue = "This value cannot be read."
	// unreadForm begins huma's message about a form that is none.
	unreadForm = "cannot read multipart form"
)

// refused names every refused field.
func refused(errs []error) error {
	for _, err := range errs {
		d, ok := errors.AsType[*huma.ErrorDetail](err)
		switch {
		case !ok:
		case strings.HasPrefix(d.Location, "path."):
			return apperr.New(apperr.NotFound, "There is nothing at this address.")
		case strings.HasPrefix(d.Message, unreadForm):
			return apperr.Wrap(err, apperr.InvalidInput, "The form could not be read. Send it as multipart/form-data.")
		}
	}
	return &apperr.Error{Code: apperr.Validation, Message: "Please correct the marked fields.", Details: details(errs)}
}

// details names the fields as the client wrote them: "email", not "body.email".
func details(errs []error) []apperr.Detail {
	var f apperr.Fields
	for _, err := range errs {
		d, ok := errors.AsType[*huma.ErrorDetail](err)
		if !ok {
			continue
		}
		_, field, _ := strings.Cut(d.Location, ".") // "" for the body as a whole
		within := func(known apperr.Detail) bool { return strings.HasPrefix(known.Field, field+"[") }
		if d.Message == unreadValue && slices.ContainsFunc(f.Details(), within) {
			continue // huma has said which element is wrong
		}
		f.Add(field, sentence(d))
	}
	return f.Details()
}

// sentences say in plain words what huma checks. Everything else about a value is
// judged, and said, by its area.
var sentences = map[string]string{
	validation.MsgUnexpectedProperty:                           "There is no such field.",
	validation.MsgExpectedString:                               "This has to be a text.",
	validation.MsgExpectedInteger:                              "This has to be a whole number.",
	validation.MsgExpectedNumber:                               "This has to be a number.",
	validation.MsgExpectedBoolean:                              "This has to be true or false.",
	validation.MsgExpectedArray:                                "This has to be a list.",
	validation.MsgExpectedObject:                               "This has to be an object.",
	"unknown query parameter":                                  "There is no such parameter.",
	"invalid integer":                                          "This has to be a whole number.",
	"unexpected end of JSON input":                             "The JSON ends too early.",
	"invalid boolean":                                          "This has to be true or false.",
	"expected at most one value, but received multiple values": "Send this only once.",
}

func sentence(d *huma.ErrorDetail) string {
	if s, ok := sentences[d.Message]; ok {
		return s
	}
	// What is left are texts of JSON's parser, which speak of the body alone.
	return strings.TrimPrefix(d.Message, "json: ")
}
