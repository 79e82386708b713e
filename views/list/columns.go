package list

import (
	"slices"
	"time"

	"github.com/a-h/templ"

	"payaid/internal/crm"
	"payaid/views/ui"
)

// Column is one column of a list beside the name of the record.
type Column[T any] struct {
	Key   string // as list settings name it
	Label string
	Sort  string // the order by it; "" for none
	Cell  string // data-cell: where it goes on a phone; "" leaves it out there
	Num   bool
	Show  func(T) templ.Component
}

// Shown are those of all columns that the viewer chose, in the order of all.
func Shown[T any](all []Column[T], look crm.ListSettings) []Column[T] {
	return slices.DeleteFunc(slices.Clone(all), func(c Column[T]) bool { return !slices.Contains(look.Columns, c.Key) })
}

// SettingsOf are what the viewer may choose about a list with these columns.
func SettingsOf[T any](p Props, all []Column[T]) SettingsProps {
	out := SettingsProps{
		Action: p.Path + "/settings", CSRF: p.CSRF, List: p.At.fields(), Density: p.Look.Density, PageSize: p.Look.PageSize, Sizes: crm.PageSizes,
		Changed: p.Key + "Changed",
	}
	for _, c := range all {
		out.Columns = append(out.Columns, ColumnChoice{Key: c.Key, Label: c.Label, Shown: slices.Contains(p.Look.Columns, c.Key)})
	}
	return out
}

// BulkForm is the form around a table of so many rows of so many records; what can
// be done to them is still to be added.
func (p Props) BulkForm(rows, total int, capped bool) BulkProps {
	return BulkProps{Action: p.Path + "/bulk", CSRF: p.CSRF, Noun: p.Many, List: p.At.fields(), Rows: rows, Total: total, Capped: capped}
}

// fields say in a form which list it stands in.
func (a Address) fields() [][2]string {
	var out [][2]string
	for _, field := range [][2]string{{"q", a.Text}, {"filter", a.Filter}, {"sort", a.Sort}, {"view", a.View}} {
		if field[1] != "" {
			out = append(out, field)
		}
	}
	return out
}

// Actions turns the values of a bulk action into what its buttons send.
func Actions(action string, values []string) []ui.Option {
	out := make([]ui.Option, len(values))
	for i, v := range values {
		out[i] = ui.Option{Value: action + ":" + v, Label: Label(v)}
	}
	return out
}

// OwnersMenu offers the people to whom records can be given; without any there is
// no menu.
func OwnersMenu(action string, owners []ui.Option) []Menu {
	if len(owners) == 0 {
		return nil
	}
	choices := make([]ui.Option, len(owners))
	for i, o := range owners {
		choices[i] = ui.Option{Value: action + ":" + o.Value, Label: o.Label}
	}
	return []Menu{{Key: "assign", Label: "Assign", Icon: ui.IconUser, Choices: choices}}
}

// When shows a moment, nothing for nil.
func When(t *time.Time) templ.Component {
	if t == nil {
		return Text("")
	}
	return ui.Date(*t)
}

// OnDay shows a date that is stored without a time.
func OnDay(s string) templ.Component {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Text("")
	}
	return ui.Date(d)
}
