package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Optional is a field of a body that tells "not sent" from "sent as null". null
// stands for the zero value.
type Optional[T any] struct {
	Sent  bool
	Value T
	bad   bool
}

// UnmarshalJSON is called only for a field that was sent. A value that T cannot
// hold is left to Resolve, which knows the field's name.
func (o *Optional[T]) UnmarshalJSON(b []byte) error {
	o.Sent = true
	o.bad = json.Unmarshal(b, &o.Value) != nil
	return nil
}

// Resolve refuses a value that could not be read.
func (o *Optional[T]) Resolve(_ huma.Context, field *huma.PathBuffer) []error {
	if !o.bad {
		return nil
	}
	return []error{&huma.ErrorDetail{Location: field.String(), Message: unreadValue}}
}

// Schema documents the field as its value, or null.
func (o *Optional[T]) Schema(r huma.Registry) *huma.Schema {
	s := huma.SchemaFromType(r, reflect.TypeFor[T]())
	s.Nullable = true
	return s
}

// pointer returns the value, or nil when the field was not sent.
func (o *Optional[T]) pointer() *T {
	if !o.Sent {
		return nil
	}
	return &o.Value
}
