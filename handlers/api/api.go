// Package api is the JSON face of PayAid, version 1: typed operations and the
// OpenAPI document made from them.
//
// An operation turns its input into one call of an area and the result into an
// allow-list of fields. It decides nothing: values are judged by the areas, errors
// are answered by handlers/respond.
package api

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"payaid/internal/activity"
	"payaid/internal/audit"
	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/crm"
	"payaid/internal/join"
	"payaid/internal/platform"
)

const (
	// Prefix is where version 1 of the API begins.
	Prefix = "/api/v1"
	// UploadPath takes whole files; every other path takes JSON only.
	UploadPath = Prefix + "/imports"
)

// bodyLimit is how long a JSON body may take to arrive.
const bodyLimit = 30 * time.Second

// Deps is everything the operations need.
type Deps struct {
	Auth     *auth.Service
	CRM      *crm.Service
	Activity *activity.Service
	Bulk     *bulk.Service
	Audit    *audit.Service
	Join     *join.Service
	// Platform administers the installation; its operations are for platform administrators.
	Platform *platform.Service
	Now      func() time.Time
	BaseURL  string // the installation's public address, for the document; "" leaves it relative
	// Stream answers with what write writes, while it is being written, for at most
	// limit. It returns what goes wrong before the first byte.
	Stream func(c *fiber.Ctx, limit time.Duration, write func(ctx context.Context, w io.Writer) error) error
}

// operations holds what the operations share.
type operations struct {
	Deps
}

// Register adds every operation under Prefix, and the document at
// /api/openapi.json and /api/openapi.yaml. Whoever calls it puts before it, on
// Prefix, what must happen first: identification, limits on rates and bodies, CSRF.
func Register(app *fiber.App, d Deps) huma.API {
	overrideErrors()
	app.Use(Prefix, answer)
	app.Use(UploadPath, requireForm)
	// The adapter's own document routes are not used: config names no paths.
	inner := humafiber.NewV2(app, config("")).Adapter()
	root := huma.NewAPI(config(d.BaseURL), adapter{inner})
	group := huma.NewGroup(root, Prefix)
	o := &operations{d}
	o.contactExport(group)     // before the contact whose id might read "export"
	o.contactDuplicates(group) // these two, too
	o.contactTrash(group)
	o.contacts(group)
	o.views(group)
	o.companies(group)
	o.activities(group)
	o.pipelines(group)
	o.deals(group)
	o.tags(group)
	o.imports(group)
	o.batch(group)
	o.users(group)
	o.invitations(group)
	o.apiKeys(group)
	o.audit(group)
	o.backups(group)
	polish(root.OpenAPI())
	serveDocument(app, root.OpenAPI())
	return root
}

// adapter answers HEAD wherever GET is answered; the server leaves out the body.
type adapter struct{ huma.Adapter }

// Handle adds the operation to the router.
func (a adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	handle := func(c huma.Context) { handler(request{c}) }
	a.Adapter.Handle(op, handle)
	if op.Method == fiber.MethodGet {
		head := *op
		head.Method = fiber.MethodHead
		a.Adapter.Handle(&head, handle)
	}
}

// request is a request whose body may have been read already.
type request struct{ fiberContext }

// fiberContext is humafiber's. The name keeps it from hiding the method Context.
type fiberContext = huma.Context

// Unwrap lets humafiber find its own context.
func (r request) Unwrap() huma.Context { return r.fiberContext }

// BodyReader returns the body. It is bounded before; humafiber itself knows no
// body but one that is still arriving.
func (r request) BodyReader() io.Reader {
	return bytes.NewReader(humafiber.UnwrapV2(r.fiberContext).Request().Body())
}

// answer lets errors of operations reach the one place that answers errors, and
// lets readers keep what has not changed.
func answer(c *fiber.Ctx) error {
	if err := c.Next(); err != nil {
		return err
	}
	if err := failureOf(c); err != nil {
		return err
	}
	return conditional(c)
}

// operation returns what every operation says about itself. id is a verb and its
// object: "create-contact". errs are the statuses that it may answer besides
// those that any operation may.
func operation(method, path, id, tag, summary, description string, errs ...int) huma.Operation {
	op := huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Description: strings.TrimSpace(description), Tags: []string{tag},
		Errors:                       append([]int{401, 403, 422, 429, 500, 503, 504}, errs...),
		Security:                     readSecurity,
		MaxBodyBytes:                 -1, // bounded before, by middleware
		BodyReadTimeout:              bodyLimit,
		RejectUnknownQueryParameters: true,
	}
	if method != fiber.MethodGet {
		op.Security = writeSecurity
		op.Errors = append(op.Errors, 409, 413, 423)
	}
	return op
}
