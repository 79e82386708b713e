// Package record holds the parts of the page of one record: facts that are edited in place, its history, what two people
// changed at once, and the way to its neighbours. It knows no entity: names, labels and addresses are given to it.
package record

import (
	"time"

	"github.com/a-h/templ"

	"payaid/views/ui"
)

// Kind is how a field is typed.
type Kind int

// The kinds of field.
const (
	Text   Kind = iota // one line
	Long               // several lines
	Choice             // one of Options
)

// Field is one field of an entity: what it is called and how it is typed.
type Field struct {
	Name    string
	Label   string
	Hint    string
	Kind    Kind
	Type    string // of the input: text, email, tel, date, number; text where empty
	Options []ui.Option
	Attrs   templ.Attributes // of the control: inputmode, maxlength, list, …
	Quick   []ui.Option      // values that are chosen by one press; sent as "quick"
}

// FactProps describe a field with its value, on the page of a record.
type FactProps struct {
	Field
	Base string // the address of the record; "" where the viewer may not change the field
}

// ID is the id of the element that holds the field, shown or edited.
func (f Field) ID() string { return "fact-" + f.Name }

func (f Field) controlID() string { return "edit-" + f.Name }

// EditorProps describe a field that is being edited in place.
type EditorProps struct {
	FactProps
	Value   string
	Version int64 // of the record that the value was read from
	Error   string
	Clashes []Clash // one, when somebody else changed this field meanwhile
	Doubles DuplicatesProps
	CSRF    string
}

func (p EditorProps) action() string { return p.Base + "/fields/" + p.Name }

func (p EditorProps) control() ui.FieldProps {
	return ui.FieldProps{ID: p.controlID(), Name: p.Name, Label: p.Label, Hint: p.Hint, Error: p.Error, Type: p.Type, Value: p.Value, Autofocus: true, Rows: 5, Attrs: p.Attrs}
}

// Clash is a field that two people changed at once, not to the same.
type Clash struct {
	Name   string
	Label  string
	Mine   string // as a person reads it; "" for nothing
	Theirs string
	Stored string // theirs as the form sends it
	Who    string // "" when the log does not tell
	At     time.Time
}

func orNothing(value string) string {
	if value == "" {
		return "empty"
	}
	return value
}

// Neighbours are the records before and after one in the list it was opened from, as addresses; "" where there is none.
type Neighbours struct {
	List       string // the list itself; "" when the record was not opened from one
	Prev, Next string
}

// Words is a value of the field as a person reads it: the label of a choice.
func (f Field) Words(value string) string {
	for _, o := range f.Options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}
