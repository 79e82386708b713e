package api

import (
	"context"
	"io"

	"github.com/danielgtaylor/huma/v2"

	"payaid/internal/crm"
)

type exportContactsInput struct {
	Caller
	ContactFilter
	Format string `query:"format" enum:"csv,xlsx,vcard" default:"csv" doc:"The kind of file; a vCard holds what cards can hold"`
}

func (o *operations) contactExport(api huma.API) {
	huma.Register(api, exportOperation("/contacts/export", "export-contacts", contactsTag, "Export contacts",
		`All contacts of the filter as CSV that spreadsheets open as it is (UTF-8 with a byte order mark), as an XLSX workbook, or as vCard 3.0; formulas are made harmless.
An import reads the file again. It is sent while it is made: one that broke off ends without its last chunk, so that no client takes a part for the whole.`,
		"First name,Last name,Email\r\nAsha,Rao,asha@example.in\r\n", crm.ExportFormats), o.exportContacts)
}

func (o *operations) exportContacts(_ context.Context, in *exportContactsInput) (*huma.StreamResponse, error) {
	p, filter := in.principal, in.filter()
	return o.export("contacts", in.Format, func(ctx context.Context, w io.Writer) error {
		return o.CRM.ExportContacts(ctx, p, filter, in.Format, w)
	}), nil
}
