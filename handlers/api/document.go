package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/respond"
)

// Version is the version of the API that the document states.
const Version = "1.0.0"

// schemaPrefix begins every reference to a schema.
const schemaPrefix = "#/components/schemas/"

// Where the document is served.
const (
	DocumentJSON = "/api/openapi.json"
	DocumentYAML = "/api/openapi.yaml"
)

const introduction = `Everything that PayAid's pages do, for programs.

**Signing in.** Send an API key as ` + "`Authorization: Bearer pk_…`" + `; an administrator makes one with ` + "`payaid apikey create`" + `. A script in a page of PayAid itself may use the session cookie instead; its writes then need the page's CSRF token in the header ` + "`X-CSRF-Token`" + `.

**Answers.** A success is ` + "`{\"data\": …}`" + `, a list has ` + "`meta`" + ` beside it. Ids are UUIDs, times RFC 3339 in UTC, days YYYY-MM-DD.

**Errors** have one form on every path and status. ` + "`details`" + ` names every refused field at once. Name the ` + "`requestId`" + ` when you ask for help.

**Writing safely.** ` + "`Idempotency-Key`" + ` makes a write repeatable; ` + "`If-Match`" + ` keeps it from overwriting what somebody else changed meanwhile.

**Limits.** An answer 429 says in ` + "`Retry-After`" + ` how many seconds to wait.`

var (
	readSecurity  = []map[string][]string{{"apiKey": {}}, {"session": {}}}
	writeSecurity = []map[string][]string{{"apiKey": {}}, {"session": {}, "csrfToken": {}}}
)

// config says what the document states about the API as a whole. It names no
// paths: serveDocument serves the document, with an entity tag.
func config(baseURL string) huma.Config {
	if baseURL == "" {
		baseURL = "/"
	}
	c := huma.DefaultConfig("PayAid", Version)
	c.CreateHooks = nil // they add a $schema field to every answer
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.Info.Description = introduction
	c.Info.License = &huma.License{Name: "MIT", Identifier: "MIT"}
	c.Servers = []*huma.Server{{URL: baseURL, Description: "This installation"}}
	c.Tags = []*huma.Tag{
		{Name: contactsTag, Description: "The people a business knows."},
		{Name: viewsTag, Description: "Searches, filters, orders and columns of lists, under a name."},
		{Name: companiesTag, Description: "The companies that the business deals with, and that contacts work at."},
		{Name: pipelinesTag, Description: "The stages that deals go through."},
		{Name: dealsTag, Description: "The sales that the business works on."},
		{Name: activitiesTag, Description: "The timeline of contacts and companies: notes, calls, meetings, messages."},
		{Name: tagsTag, Description: "The names under which contacts and companies are gathered, and their colours."},
		{Name: batchTag, Description: "One action on many records at once, in the background, and its undo."},
		{Name: importsTag, Description: "Files of contacts, read in the background."},
		{Name: backupsTag, Description: "Backups of the whole installation, for platform administrators. API keys belong to one business, so these need the session of a platform administrator and, for writes, the CSRF token; for everybody else there is nothing here."},
		{Name: invitationsTag, Description: "Offers to belong to the business, sent by mail."},
	}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"apiKey":    {Type: "http", Scheme: "bearer", Description: "An API key of the business. It has a role and may be narrowed to single rights."},
		"session":   {Type: "apiKey", In: "cookie", Name: "__Host-sid", Description: "The session of somebody who has signed in; called sid where PayAid is served without https."},
		"csrfToken": {Type: "apiKey", In: "header", Name: "X-CSRF-Token", Description: "The token of the page, from its element meta[name=csrf-token]."},
	}
	return c
}

// reasons describe what a status means, whatever the operation.
var reasons = map[int]string{
	304: "Nothing has changed since the ETag in If-None-Match.",
	400: "The request cannot be read.",
	401: "Nobody is signed in, or the API key is not valid.",
	403: "The right to do this is missing, or the CSRF token is.",
	404: "It does not exist, or you may not see it.",
	409: "Another record has this unique value already, or somebody else changes the record right now.",
	412: "Somebody changed the record after the version in If-Match; ETag holds the current one.",
	413: "The body is too large.",
	415: "The body's content type is not the documented one.",
	422: "Values are refused; details names each of them.",
	423: "Somebody else is changing this right now. Try again in a moment.",
	429: "Too many requests in a short time.",
	500: "Something went wrong on our side. Nothing was changed.",
	503: "PayAid is busy. Try again after the time in Retry-After.",
	504: "It took too long and was stopped.",
}

// polish completes the document with what is the same everywhere, and leaves the
// judging of values to the areas.
func polish(doc *huma.OpenAPI) {
	sent := map[string]bool{} // schemas of bodies that programs send
	for _, path := range doc.Paths {
		for _, op := range []*huma.Operation{path.Get, path.Post, path.Patch, path.Delete} {
			if op == nil {
				continue
			}
			polishOperation(op)
			if op.RequestBody != nil && op.RequestBody.Content[fiber.MIMEApplicationJSON] != nil {
				sent[op.RequestBody.Content[fiber.MIMEApplicationJSON].Schema.Ref] = true
			}
		}
	}
	schemas := doc.Components.Schemas.Map()
	for name, s := range schemas {
		documentOnly(s)
		if !sent[schemaPrefix+name] {
			s.AdditionalProperties = nil // what we answer may get new fields
		}
	}
	for _, code := range respond.Codes() {
		schemas["ErrorInfo"].Properties["code"].Enum = append(schemas["ErrorInfo"].Properties["code"].Enum, code)
	}
}

func polishOperation(op *huma.Operation) {
	for _, p := range op.Parameters {
		documentOnly(p.Schema)
		if p.Name == fiber.HeaderIfNoneMatch {
			op.Responses["304"] = &huma.Response{Headers: map[string]*huma.Param{fiber.HeaderETag: text("The tag that was sent")}}
		}
	}
	for code, r := range op.Responses {
		status, err := strconv.Atoi(code)
		if err != nil {
			continue
		}
		if reason, ok := reasons[status]; ok {
			r.Description = reason
		}
		if r.Headers == nil {
			r.Headers = map[string]*huma.Param{}
		}
		r.Headers[fiber.HeaderXRequestID] = text("The request's id, as in errors and the log")
		switch status {
		case fiber.StatusTooManyRequests, fiber.StatusServiceUnavailable:
			r.Headers[fiber.HeaderRetryAfter] = &huma.Param{Description: "Seconds to wait", Schema: &huma.Schema{Type: huma.TypeInteger}}
		case fiber.StatusPreconditionFailed:
			r.Headers[fiber.HeaderETag] = text("The record's current version")
		}
	}
}

func text(description string) *huma.Param {
	return &huma.Param{Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
}

// documentOnly keeps the limits of values in the document and takes them from
// huma, which checks types and unknown fields only. So one set of rules, the
// areas', decides about every value and names all the refused ones at once.
func documentOnly(s *huma.Schema) {
	if s == nil {
		return
	}
	keep := func(keyword string, value any, present bool) {
		if !present {
			return
		}
		if s.Extensions == nil {
			s.Extensions = map[string]any{}
		}
		s.Extensions[keyword] = value
	}
	keep("format", s.Format, s.Format != "")
	keep("enum", s.Enum, len(s.Enum) > 0)
	keep("minimum", s.Minimum, s.Minimum != nil)
	keep("maximum", s.Maximum, s.Maximum != nil)
	keep("maxLength", s.MaxLength, s.MaxLength != nil)
	keep("maxItems", s.MaxItems, s.MaxItems != nil)
	s.Format, s.Enum, s.Minimum, s.Maximum, s.MaxLength, s.MaxItems = "", nil, nil, nil, nil, nil
	documentOnly(s.Items)
	for _, p := range s.Properties {
		documentOnly(p)
	}
}

// Document returns the document as it stands in docs/openapi.json: the same bytes
// for the same operations, with a relative server.
func Document() ([]byte, error) {
	return render(Register(fiber.New(), Deps{}).OpenAPI())
}

func render(doc *huma.OpenAPI) ([]byte, error) {
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// serveDocument makes the document public, also to those who are not signed in.
func serveDocument(app *fiber.App, doc *huma.OpenAPI) {
	serve := func(path, contentType string, write func() ([]byte, error)) {
		once := sync.OnceValues(write)
		app.Get(path, func(c *fiber.Ctx) error {
			body, err := once()
			if err != nil {
				return err
			}
			c.Set(fiber.HeaderContentType, contentType)
			if err := c.Send(body); err != nil {
				return err
			}
			return conditional(c)
		})
	}
	serve(DocumentJSON, fiber.MIMEApplicationJSONCharsetUTF8, func() ([]byte, error) { return render(doc) })
	serve(DocumentYAML, "application/yaml; charset=utf-8", doc.YAML)
}

// created makes 201 the success of an operation.
func created(op huma.Operation) huma.Operation {
	op.DefaultStatus = fiber.StatusCreated
	return op
}
