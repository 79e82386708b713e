package api

import (
	"context"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
)

// exportLimit is how long an export may take, the reader's pace included.
const exportLimit = 5 * time.Minute

const csvType = "text/csv; charset=utf-8"

type exportContactsInput struct {
	Caller
	ContactFilter
}

func (o *operations) contactExport(api huma.API) {
	op := operation(fiber.MethodGet, "/contacts/export", "export-contacts", contactsTag, "Export contacts",
		`All contacts of the filter as CSV that spreadsheets open as it is: UTF-8 with a byte order mark, formulas made harmless.
An import reads the file again. It is sent while it is made: one that broke off ends without its last chunk, so that no client takes a part for the whole.`)
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The file",
		Headers: map[string]*huma.Param{
			fiber.HeaderContentDisposition: {Description: "Suggests a name for the file", Schema: &huma.Schema{Type: huma.TypeString}},
		},
		Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}, Example: "First name,Last name,Email\r\nAsha,Rao,asha@example.in\r\n"}},
	}}
	huma.Register(api, op, o.exportContacts)
}

func (o *operations) exportContacts(_ context.Context, in *exportContactsInput) (*huma.StreamResponse, error) {
	p, filter := in.principal, in.filter()
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		c := humafiber.UnwrapV2(hc)
		err := o.Stream(c, exportLimit, func(ctx context.Context, w io.Writer) error {
			return o.CRM.ExportContactsCSV(ctx, p, filter, w)
		})
		if err != nil {
			fail(c, err)
			return
		}
		c.Set(fiber.HeaderContentType, csvType)
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="contacts.csv"`)
	}}, nil
}
