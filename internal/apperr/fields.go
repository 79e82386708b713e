package apperr

import "slices"

// Fields collects the refused fields of one input, in the order they were
// checked, so that the user sees all of them at once.
type Fields struct{ details []Detail }

// Check records message for field when ok is false. The first message of a field
// stands.
func (f *Fields) Check(ok bool, field, message string) {
	if !ok {
		f.Add(field, message)
	}
}

// Add records message for field unless the field already has one.
func (f *Fields) Add(field, message string) {
	if !slices.ContainsFunc(f.details, func(d Detail) bool { return d.Field == field }) {
		f.details = append(f.details, Detail{Field: field, Message: message})
	}
}

// Details returns what was refused so far; nil when nothing was.
func (f *Fields) Details() []Detail { return f.details }

// Err returns a Validation error naming every refused field, or nil.
func (f *Fields) Err() error {
	if len(f.details) == 0 {
		return nil
	}
	return &Error{Code: Validation, Message: "Please correct the marked fields.", Details: f.details}
}

// Field returns the message for one field, or "".
func (f *Fields) Field(name string) string {
	for _, d := range f.details {
		if d.Field == name {
			return d.Message
		}
	}
	return ""
}
