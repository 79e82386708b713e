package respond

import (
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/apperr"
)

// ErrorBody is the JSON of every error, on every path and status.
type ErrorBody struct {
	Error ErrorInfo `json:"error"`
}

// ErrorInfo says what went wrong.
type ErrorInfo struct {
	Code      string          `json:"code" example:"VALIDATION_ERROR" doc:"What went wrong, from a fixed list"`
	Message   string          `json:"message" example:"Please correct the marked fields." doc:"One sentence for people"`
	Details   []apperr.Detail `json:"details" nullable:"false" doc:"Every refused field; empty when no field is to blame"`
	Timestamp time.Time       `json:"timestamp"`
	RequestID string          `json:"requestId" doc:"The same as the header X-Request-ID: name it when you ask for help"`
}

// Body returns the JSON form of e.
func Body(e *apperr.Error, requestID string, now time.Time) ErrorBody {
	details := e.Details
	if details == nil {
		details = []apperr.Detail{}
	}
	return ErrorBody{Error: ErrorInfo{Code: string(e.Code), Message: e.Message, Details: details, Timestamp: now.UTC(), RequestID: requestID}}
}

// requestIDKey is where the request's id stands among Fiber's locals.
const requestIDKey = "requestId"

// RequestID returns the request's id. It makes one where an error came before
// every middleware (a header too long, say).
func RequestID(c *fiber.Ctx) string {
	if id, ok := c.Locals(requestIDKey).(string); ok {
		return id
	}
	id := uuid.Must(uuid.NewV7()).String()
	SetRequestID(c, id)
	return id
}

// SetRequestID gives the request its id and tells the caller.
func SetRequestID(c *fiber.Ctx, id string) {
	c.Locals(requestIDKey, id)
	c.Set(fiber.HeaderXRequestID, id)
}
