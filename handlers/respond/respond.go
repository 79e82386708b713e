// Package respond turns errors into answers: JSON for programs, a toast for
// htmx, a page for people. It is the only place in PayAid with status codes for
// errors.
package respond

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"payaid/internal/apperr"
)

// statuses gives each code its status. It is the table of the public contract.
var statuses = map[apperr.Code]int{
	apperr.InvalidInput:     fiber.StatusBadRequest,
	apperr.MissingField:     fiber.StatusBadRequest,
	apperr.Unauthorized:     fiber.StatusUnauthorized,
	apperr.TokenExpired:     fiber.StatusUnauthorized,
	apperr.BadCredentials:   fiber.StatusUnauthorized,
	apperr.Forbidden:        fiber.StatusForbidden,
	apperr.NoPermission:     fiber.StatusForbidden,
	apperr.NotFound:         fiber.StatusNotFound,
	apperr.MethodNotAllowed: fiber.StatusMethodNotAllowed,
	apperr.AlreadyExists:    fiber.StatusConflict,
	apperr.Conflict:         fiber.StatusConflict,
	apperr.PreconditionFail: fiber.StatusPreconditionFailed,
	apperr.TooLarge:         fiber.StatusRequestEntityTooLarge,
	apperr.UnsupportedMedia: fiber.StatusUnsupportedMediaType,
	apperr.Validation:       fiber.StatusUnprocessableEntity,
	apperr.BusinessRule:     fiber.StatusUnprocessableEntity,
	apperr.Locked:           fiber.StatusLocked,
	apperr.RateLimited:      fiber.StatusTooManyRequests,
	apperr.QuotaExceeded:    fiber.StatusTooManyRequests,
	apperr.Internal:         fiber.StatusInternalServerError,
	apperr.Database:         fiber.StatusInternalServerError,
	apperr.Unavailable:      fiber.StatusServiceUnavailable,
	apperr.Timeout:          fiber.StatusGatewayTimeout,
}

// Status returns the status of an error code; 500 for one that is not known.
func Status(c apperr.Code) int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return fiber.StatusInternalServerError
}

// Codes returns every code that an answer may carry, in alphabetical order.
func Codes() []apperr.Code { return slices.Sorted(maps.Keys(statuses)) }

// Problem is an error on its way to a person.
type Problem struct {
	Status    int
	Code      apperr.Code
	Message   string
	RequestID string
}

// Options are what a Responder needs from its surroundings.
type Options struct {
	Log *slog.Logger
	// Explain turns errors of tools (the database, above all) into apperr errors
	// where a user can act upon them.
	Explain func(error) error
	// Page and Toast draw a problem for a person.
	Page  func(c *fiber.Ctx, p Problem) templ.Component
	Toast func(p Problem) templ.Component
	Now   func() time.Time
}

// Responder answers errors.
type Responder struct{ o Options }

// New returns a Responder.
func New(o Options) *Responder { return &Responder{o: o} }

// Error answers err on c, whatever was written there before. It is Fiber's
// ErrorHandler and never fails.
func (r *Responder) Error(c *fiber.Ctx, err error) error {
	e := r.explain(c, err)
	status := Status(e.Code)
	id := RequestID(c)
	if status >= fiber.StatusInternalServerError {
		r.o.Log.ErrorContext(c.UserContext(), "request failed", "requestId", id, "method", c.Method(), "path", c.Path(), "status", status, "err", err)
	}
	// The request's time may be over: that must not keep its error from being shown.
	c.SetUserContext(context.WithoutCancel(c.UserContext()))
	c.Response().ResetBody() // drop a half-rendered page
	c.Set(fiber.HeaderXRequestID, id)
	c.Set(fiber.HeaderCacheControl, "no-store")
	SetRetryAfter(c, e.RetryAfter)
	if e.Version > 0 {
		c.Set(fiber.HeaderETag, ETag(e.Version))
	}
	c.Status(status)
	p := Problem{Status: status, Code: e.Code, Message: Sentence(e), RequestID: id}
	switch {
	case WantsJSON(c):
		return c.JSON(Body(e, id, r.o.Now()))
	case IsPartial(c):
		if status == fiber.StatusUnauthorized {
			return nil // static/again.js asks to sign in and keeps the page
		}
		return Render(c, r.o.Toast(p))
	case status == fiber.StatusUnauthorized && c.Method() == fiber.MethodGet:
		return c.Redirect("/login?next="+url.QueryEscape(c.OriginalURL()), fiber.StatusSeeOther)
	}
	return Render(c, r.o.Page(c, p))
}

// Sentence is what a person reads where there is no form with fields to mark.
func Sentence(e *apperr.Error) string {
	if e.Code != apperr.Validation || len(e.Details) == 0 {
		return e.Message
	}
	messages := make([]string, len(e.Details))
	for i, d := range e.Details {
		messages[i] = d.Message
	}
	return strings.Join(messages, " ")
}

// explain finds the apperr error that err stands for.
func (r *Responder) explain(c *fiber.Ctx, err error) *apperr.Error {
	if fe, ok := errors.AsType[*fiber.Error](err); ok { // the router's own
		return fromRouter(fe)
	}
	e := apperr.From(r.o.Explain(err))
	if e.Code == apperr.Conflict && e.Version > 0 && c.Get(fiber.HeaderIfMatch) != "" {
		stale := *e
		stale.Code = apperr.PreconditionFail
		return &stale
	}
	return e
}

// fromRouter gives Fiber's and fasthttp's own errors our codes and sentences.
func fromRouter(fe *fiber.Error) *apperr.Error {
	switch fe.Code {
	case fiber.StatusNotFound:
		return apperr.New(apperr.NotFound, "There is nothing at this address.")
	case fiber.StatusMethodNotAllowed:
		return apperr.New(apperr.MethodNotAllowed, "This address does not answer to this method.")
	case fiber.StatusRequestEntityTooLarge:
		return apperr.New(apperr.TooLarge, "What was sent is larger than this address accepts.")
	case fiber.StatusUnsupportedMediaType:
		return apperr.New(apperr.UnsupportedMedia, "This address does not read this kind of content.")
	case fiber.StatusRequestTimeout:
		return apperr.Wrap(fe, apperr.Timeout, "The request took too long to arrive.")
	case fiber.StatusServiceUnavailable:
		return apperr.Busy(fe, time.Second)
	}
	if fe.Code < fiber.StatusInternalServerError {
		return apperr.Wrap(fe, apperr.InvalidInput, "The request could not be read.")
	}
	return apperr.From(fe)
}

// WantsJSON reports whether a program asks.
func WantsJSON(c *fiber.Ctx) bool {
	return strings.HasPrefix(c.Path(), "/api/") || c.Get(fiber.HeaderAccept) == fiber.MIMEApplicationJSON
}

// IsPartial reports whether htmx asks for a part of a page. Everything else gets
// the page, also when htmx restores one from the history.
func IsPartial(c *fiber.Ctx) bool {
	return c.Get("HX-Request") == "true" && c.Get("HX-Request-Type") == "partial" && c.Get("HX-History-Restore-Request") != "true"
}

// Render sends a component. It is rendered as a whole first, so that a failure
// can still become an error page.
func Render(c *fiber.Ctx, component templ.Component) error {
	buf := templ.GetBuffer()
	defer templ.ReleaseBuffer(buf)
	if err := component.Render(c.UserContext(), buf); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(append([]byte(nil), buf.Bytes()...))
}

// SetRetryAfter tells a program how long to wait, in whole seconds; 0 is unknown.
func SetRetryAfter(c *fiber.Ctx, d time.Duration) {
	if d > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(d.Seconds()))))
	}
}

// ETag returns the entity tag of a record's version.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }
