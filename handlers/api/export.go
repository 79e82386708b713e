package api

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"payaid/handlers/respond"
)

// exportLimit is how long an export may take, the reader's pace included.
const exportLimit = 5 * time.Minute

// exportOperation is an operation that answers with a file in one of the formats.
// example is one of the first format.
func exportOperation(path, id, tag, summary, description, example string, formats []string) huma.Operation {
	op := operation(fiber.MethodGet, path, id, tag, summary, description)
	content := map[string]*huma.MediaType{}
	for i, format := range formats {
		kind, _ := respond.FileType(format)
		kind, _, _ = strings.Cut(kind, ";")
		media := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		switch {
		case i == 0:
			media.Example = example
		case !strings.HasPrefix(kind, "text/"):
			media.Schema.Format = "binary"
		}
		content[kind] = media
	}
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The file",
		Headers: map[string]*huma.Param{
			fiber.HeaderContentDisposition: {Description: "Suggests a name for the file", Schema: &huma.Schema{Type: huma.TypeString}},
		},
		Content: content,
	}}
	return op
}

// export answers with the file that write writes, while it is being written.
func (o *operations) export(name, format string, write func(ctx context.Context, w io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		c := humafiber.UnwrapV2(hc)
		if err := o.Stream(c, exportLimit, write); err != nil {
			fail(c, err)
			return
		}
		kind, ending := respond.FileType(format)
		c.Set(fiber.HeaderContentType, kind)
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+ending+`"`)
	}}
}
