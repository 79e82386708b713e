package api

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"mime/multipart"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"payaid/internal/apperr"
	"payaid/internal/crm"
)

const (
	// uploadLimit is how long a file may take to arrive.
	uploadLimit = 10 * time.Minute
	// keepLimit is how long it may take to keep a file that has arrived.
	keepLimit = time.Minute
)

// ImportForm describes the form that starts an import.
type ImportForm struct {
	File       string            `json:"file" format:"binary" doc:"CSV or XLSX whose first row names the columns, or vCard (2.1, 3.0 or 4.0), of at most 50 MB. Format, separator and encoding are found out; of a workbook the first sheet is read."`
	Entity     string            `json:"entity" enum:"contacts,companies" example:"contacts" doc:"What the rows are"`
	Mapping    map[string]string `json:"mapping,omitempty" example:"{\"Full name\":\"name\",\"Mail\":\"email\",\"Remarks\":\"notes\",\"Internal\":\"\"}" doc:"A JSON object from the columns' names to fields. Columns that it does not name, and those mapped to an empty text, are ignored. Without it, columns are matched by their names. Of contacts, addressPart columns are joined into one address, and name is split into first and last name."`
	Duplicates string            `json:"duplicates,omitempty" enum:"skip,update,create" default:"skip" example:"update" doc:"For a row about a record that is there already, a contact with its e-mail, a company with its GSTIN or its name or, where the row has no GSTIN, its e-mail or phone: skip leaves the record as it is, update overwrites it with the cells that are not empty, create tries to make a second one, which is refused and listed"`
	DryRun     bool              `json:"dryRun,omitempty" default:"false" doc:"Only check and count the rows"`
}

type startImportInput struct {
	Writer
	RawBody multipart.Form
}

type startImportAnswer struct {
	Location string `header:"Location" doc:"The path of the import: ask there how it is going"`
	Body     Record[Import]
}

func startImportOperation() huma.Operation {
	op := operation(fiber.MethodPost, "/imports", "start-import", importsTag, "Start an import",
		`Takes a file and reads it in the background. What can be told from the form and the file's header is refused at once, all reasons together; refused rows are listed at the import.`, 400, 415)
	op.DefaultStatus = fiber.StatusAccepted
	op.BodyReadTimeout = uploadLimit
	schema := huma.SchemaFromType(huma.NewMapRegistry(schemaPrefix, huma.DefaultSchemaNamer), reflect.TypeFor[ImportForm]())
	fields := []any{""}
	for _, f := range slices.Concat(crm.ImportFields(crm.EntityContacts), crm.ImportFields(crm.EntityCompanies)) {
		if !slices.Contains(fields, any(f.Name)) {
			fields = append(fields, f.Name)
		}
	}
	schema.Properties["mapping"].AdditionalProperties.(*huma.Schema).Enum = fields
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{fiber.MIMEMultipartForm: {
		Schema:   schema,
		Encoding: map[string]*huma.Encoding{"file": {ContentType: "text/csv, text/vcard, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}, "mapping": {ContentType: fiber.MIMEApplicationJSON}},
	}}}
	return op
}

// requireForm answers 415 to an upload that is no form.
func requireForm(c *fiber.Ctx) error {
	if c.Method() != fiber.MethodPost || c.Path() != UploadPath {
		return c.Next()
	}
	kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || kind != fiber.MIMEMultipartForm {
		return apperr.New(apperr.UnsupportedMedia, "Send the file in a form: multipart/form-data.")
	}
	return c.Next()
}

func (o *operations) startImport(ctx context.Context, in *startImportInput) (*startImportAnswer, error) {
	// The request's own time began with the upload, which may have used it up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepLimit)
	defer cancel()
	start, file, err := readImportForm(&in.RawBody)
	if err != nil {
		return nil, err
	}
	body, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("open the uploaded file: %w", err)
	}
	defer func() { _ = body.Close() }() // only read
	start.Body, start.FileName, start.Size = body, file.Filename, file.Size
	i, err := o.CRM.StartImport(ctx, in.principal, start)
	if err != nil {
		return nil, err
	}
	return &startImportAnswer{Location: UploadPath + "/" + i.ID.String(), Body: Record[Import]{Data: importOf(i)}}, nil
}

// readImportForm turns the form into an input, and names what is unreadable or
// unknown in it. Values are judged by the area.
func readImportForm(form *multipart.Form) (crm.ImportInput, *multipart.FileHeader, error) {
	var f apperr.Fields
	for name, values := range form.Value {
		f.Check(slices.Contains([]string{"entity", "mapping", "duplicates", "dryRun"}, name), name, "There is no such field.")
		f.Check(len(values) == 1, name, "Send this only once.")
	}
	for name, files := range form.File {
		f.Check(name == "file", name, "There is no such field, or it is no file.")
		f.Check(len(files) == 1, name, "Send this only once.")
	}
	f.Check(len(form.File["file"]) > 0, "file", "Send the file to import.")
	value := func(name string) string { return append(form.Value[name], "")[0] }
	in := crm.ImportInput{Entity: value("entity"), Duplicates: value("duplicates")}
	if s := value("mapping"); s != "" {
		f.Check(json.Unmarshal([]byte(s), &in.Mapping) == nil, "mapping", `Send a JSON object of texts, for example {"Full name": "name"}.`)
	}
	if s := value("dryRun"); s != "" {
		var err error
		in.DryRun, err = strconv.ParseBool(s)
		f.Check(err == nil, "dryRun", "This has to be true or false.")
	}
	if err := f.Err(); err != nil {
		return in, nil, err
	}
	return in, form.File["file"][0], nil
}
