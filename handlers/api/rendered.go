package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
)

// renderedForm is the version of how answers are kept: change it with the fields of
// any record that a kept list shows.
const renderedForm = "api-1"

// renderedAnswer is a page of a list that is ready to be sent, as it may come from
// the cache.
type renderedAnswer struct {
	ETag string `header:"ETag" doc:"Changes whenever anything in the page does, for If-None-Match"`
	Body func(huma.Context)
}

// rendered encodes an answer as it is sent, behind a line with its entity tag.
func rendered(v any) ([]byte, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("render an answer: %w", err)
	}
	return append([]byte(entityTag(body.Bytes())+"\n"), body.Bytes()...), nil
}

// sendRendered answers with what rendered made.
func sendRendered(kept []byte) *renderedAnswer {
	tag, body, _ := bytes.Cut(kept, []byte("\n"))
	return &renderedAnswer{ETag: string(tag), Body: func(hc huma.Context) {
		c := humafiber.UnwrapV2(hc)
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		c.Status(fiber.StatusOK).Response().SetBodyRaw(body)
	}}
}

// answersWith has the document describe the answer that is sent ready.
func answersWith[T any](api huma.API, op huma.Operation) huma.Operation {
	t := reflect.TypeFor[T]()
	schema := api.OpenAPI().Components.Schemas.Schema(t, true, op.OperationID+"Response")
	op.Responses = map[string]*huma.Response{"200": {
		Description: "OK", Content: map[string]*huma.MediaType{fiber.MIMEApplicationJSON: {Schema: schema}},
	}}
	return op
}
