package imports

import (
	"strconv"

	"payaid/internal/crm"
	"payaid/views/ui"
)

// DraftProps are what the page between upload and import shows.
type DraftProps struct {
	Draft   crm.ImportDraft
	Fields  []crm.ImportField
	Preview crm.ImportPreview
	Errors  []ui.FieldError
	CSRF    string
}

func (p DraftProps) options() []ui.Option {
	out := []ui.Option{{Value: "", Label: "Do not import"}}
	for _, f := range p.Fields {
		out = append(out, ui.Option{Value: f.Name, Label: f.Label})
	}
	return out
}

func (p DraftProps) sheets() []ui.Option {
	out := make([]ui.Option, len(p.Draft.Sheets))
	for i, s := range p.Draft.Sheets {
		out[i] = ui.Option{Value: s, Label: s}
	}
	return out
}

func (p DraftProps) sample(column int) string {
	if column >= len(p.Preview.Samples) {
		return ""
	}
	return p.Preview.Samples[column]
}

func (p DraftProps) cells(r crm.PreviewRow) []cell {
	return cells(crm.Import{Mapping: p.Draft.Mapping}, crm.ImportError{Cells: r.Cells})
}

func (p DraftProps) matched() string {
	n := 0
	for _, c := range p.Draft.Mapping.Columns {
		if c.Field != "" {
			n++
		}
	}
	return strconv.Itoa(n) + " of " + strconv.Itoa(len(p.Draft.Mapping.Columns)) + " columns are matched."
}

func columnField(i int) string { return "column." + strconv.Itoa(i) }

func columnName(i int, c crm.ImportColumn) string {
	if c.Column == "" {
		return "Column " + strconv.Itoa(i+1)
	}
	return c.Column
}

func outcome(o string) (string, ui.Tone) {
	switch o {
	case "create":
		return "Will be added", ui.ToneOK
	case "update":
		return "Will be updated", ui.ToneInfo
	case "skip":
		return "Will be skipped", ui.ToneNeutral
	}
	return "Not taken", ui.ToneDanger
}
