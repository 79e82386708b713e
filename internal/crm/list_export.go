package crm

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/sheet"
)

// Column is one column of an export.
type Column[T any] struct {
	Name  string
	Value func(T) string
}

// CheckFormat refuses a format in which these records are not exported.
func CheckFormat(format string, formats []string) error {
	var bad apperr.Fields
	bad.Check(slices.Contains(formats, format), "format", "Choose one of "+strings.Join(formats, ", ")+".")
	return bad.Err()
}

// WriteRecords writes the records in a format of package sheet while they are read.
// Cells that a spreadsheet would run as a formula are kept from it by an apostrophe.
func WriteRecords[T any](w io.Writer, format string, columns []Column[T], records iter.Seq2[T, error]) error {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.Name
	}
	out, err := sheet.NewWriter(w, format, slices.Clone(cells))
	if err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	for record, err := range records {
		if err != nil {
			return err
		}
		for i, c := range columns {
			cells[i] = c.Value(record)
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

// RecordExport notes who takes which records out of the house.
func RecordExport(ctx context.Context, w *change.Writer, p auth.Principal, action string, filter any) error {
	actor := p.Actor()
	actor.IdempotencyKey = "" // reading again is a new export
	_, err := change.Do(ctx, w, actor, action, nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		e := change.Event{Action: action, Entity: "export", EntityID: uuid.Must(uuid.NewV7()), After: filter, Note: true}
		return struct{}{}, tx.Record(ctx, e)
	})
	return err
}
