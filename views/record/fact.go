package record

import (
	"payaid/views/ui"
)

// FactProps describe a field with its value, on the page of a record.
type FactProps struct {
	Field
	Base string // the address of the record; "" where the viewer may not change the field
	Kept string // what addresses say of the list
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
	Errors  []ui.FieldError // of the controls of Parts
	Clashes []Clash         // one, when somebody else changed this field meanwhile
	Doubles DuplicatesProps
	CSRF    string
}

func (p EditorProps) action() string { return With(p.Base+"/fields/"+p.Name, p.Kept) }

func (p EditorProps) control() ui.FieldProps {
	return ui.FieldProps{ID: p.controlID(), Name: p.Name, Label: p.Label, Hint: p.Hint, Error: p.Error, Type: p.Type, Value: p.Value, Autofocus: true, Rows: 5, Attrs: p.Attrs}
}
