// Package apperr is the one error vocabulary of PayAid.
//
// Areas and tools say what went wrong (Code) and what the user may read
// (Message, Details). Only handlers/respond turns that into a status, a page, a
// fragment or JSON. Every other error is internal: logged, never shown.
package apperr

import (
	"errors"
	"fmt"
	"time"
)

// Code names the kind of an error. The values are part of the public API.
type Code string

// The codes an area or a tool may answer with.
const (
	InvalidInput     Code = "INVALID_INPUT"           // the request cannot be read
	MissingField     Code = "MISSING_REQUIRED_FIELD"  // the request lacks a part that makes it readable
	Validation       Code = "VALIDATION_ERROR"        // readable, but fields are refused
	BusinessRule     Code = "BUSINESS_RULE_VIOLATION" // valid, but not in this state
	Unauthorized     Code = "UNAUTHORIZED"            // sign in first
	TokenExpired     Code = "TOKEN_EXPIRED"           // the session or key is over
	BadCredentials   Code = "INVALID_CREDENTIALS"     // unknown e-mail, password or key
	Forbidden        Code = "FORBIDDEN"               // the request itself is not trusted (CSRF, origin)
	NoPermission     Code = "INSUFFICIENT_PERMISSIONS"
	NotFound         Code = "NOT_FOUND" // absent, or another tenant's
	MethodNotAllowed Code = "METHOD_NOT_ALLOWED"
	AlreadyExists    Code = "ALREADY_EXISTS"      // a unique value is taken
	Conflict         Code = "CONFLICT"            // somebody changed it first
	PreconditionFail Code = "PRECONDITION_FAILED" // If-Match names an older version
	TooLarge         Code = "PAYLOAD_TOO_LARGE"
	UnsupportedMedia Code = "UNSUPPORTED_MEDIA_TYPE"
	Locked           Code = "RESOURCE_LOCKED"
	RateLimited      Code = "RATE_LIMIT_EXCEEDED"
	QuotaExceeded    Code = "QUOTA_EXCEEDED"
	Internal         Code = "INTERNAL_SERVER_ERROR"
	Database         Code = "DATABASE_ERROR"
	Unavailable      Code = "SERVICE_UNAVAILABLE" // try again shortly
	Timeout          Code = "TIMEOUT"
)

// Detail is one refused field, or one fact about the error as a whole when Field
// is empty.
type Detail struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is safe to show: Message and Details are written for the user.
type Error struct {
	Code       Code
	Message    string
	Details    []Detail
	RetryAfter time.Duration // for RateLimited and Unavailable; zero when unknown
	Version    int64         // current version of the record, for Conflict; zero when unknown
	cause      error         // for the log only
}

// Error joins the code, the sentence and the hidden cause; it is for logs.
func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	for _, d := range e.Details {
		s += fmt.Sprintf(" [%s: %s]", d.Field, d.Message)
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the hidden cause.
func (e *Error) Unwrap() error { return e.cause }

// Field returns the message for one field, or "".
func (e *Error) Field(name string) string {
	for _, d := range e.Details {
		if d.Field == name {
			return d.Message
		}
	}
	return ""
}

// New returns an Error with a sentence for the user.
func New(c Code, format string, args ...any) *Error {
	return &Error{Code: c, Message: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause that is logged and never shown.
func Wrap(cause error, c Code, format string, args ...any) *Error {
	return &Error{Code: c, Message: fmt.Sprintf(format, args...), cause: cause}
}

// Busy is the answer when a bounded resource has no room: try again after d.
func Busy(cause error, d time.Duration) *Error {
	return &Error{Code: Unavailable, Message: "PayAid is busy right now. Please try again in a moment.", RetryAfter: d, cause: cause}
}

// From returns the Error in err's chain, or an Internal one that hides err.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: Internal, Message: "Something went wrong on our side. Nothing was changed.", cause: err}
}

// Is reports whether err carries the code c.
func Is(err error, c Code) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == c
}
