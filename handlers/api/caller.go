package api

import (
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"payaid/handlers/mw"
	"payaid/internal/apperr"
	"payaid/internal/auth"
)

// Caller is the part of an input that says who asks. huma shows operations a
// context only; this carries the principal to them as a value of its own.
type Caller struct{ principal auth.Principal }

// Resolve takes the principal from the request.
func (c *Caller) Resolve(ctx huma.Context) []error {
	p, ok := mw.Principal(humafiber.UnwrapV2(ctx))
	if !ok {
		return []error{apperr.New(apperr.Unauthorized, "Please sign in or send an API key.")}
	}
	c.principal = p
	return nil
}

// Reader is the part of every input that reads.
type Reader struct {
	Caller
	// Read by conditional, which sees every answer.
	IfNoneMatch string `header:"If-None-Match" doc:"The ETag of what you already have. When nothing has changed since, the answer is 304 without a body." example:"\"3\""`
}

// Writer is the part of every input that writes.
type Writer struct {
	Caller
	// Reaches internal/change as part of the principal.
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"A text of your own, unique for this request. Sending the request again under the same key within 24 hours changes nothing and answers what the first one answered; another request under that key is refused with 422." example:"order-4711-contact"`
}

// Change is the part of every input that changes an existing record.
type Change struct {
	Writer
	IfMatch string `header:"If-Match" doc:"The ETag of the record as you last saw it. When somebody has changed it since, nothing happens and the answer is 412 with the current ETag. Without this header the last write wins." example:"\"3\""`
}

// noVersion is a version that no record has.
const noVersion = -1

// version returns the version that If-Match names, or nil when any will do. A tag
// that was never ours names no version, so the write is refused as stale.
func (c *Change) version() (*int64, error) {
	tag := strings.TrimSpace(c.IfMatch)
	if tag == "" || tag == "*" {
		return nil, nil
	}
	if strings.Contains(tag, ",") {
		return nil, apperr.New(apperr.InvalidInput, "Send one entity tag in If-Match.")
	}
	// A proxy that compresses makes tags weak; the version in them stays exact.
	tag = strings.TrimPrefix(tag, "W/")
	version := int64(noVersion)
	if n, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64); err == nil {
		version = n
	}
	return &version, nil
}
