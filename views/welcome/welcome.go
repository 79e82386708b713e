// Package welcome holds the pages on which a business begins: its first steps, and
// the form of one more business.
package welcome

import (
	"strconv"

	"payaid/internal/crm"
	"payaid/views/ui"
)

// Props are what the page of the first steps shows.
type Props struct {
	Business                      string
	Steps                         crm.FirstSteps
	CSRF                          string
	MayImport, MayLoad, MayInvite bool
}

func (p Props) samples() string {
	if p.Steps.Samples == 1 {
		return "1 sample contact is in your lists. Remove it when you have seen enough; it moves to the trash."
	}
	return strconv.FormatInt(p.Steps.Samples, 10) + " sample contacts are in your lists. Remove them when you have seen enough; they move to the trash."
}

// BusinessForm is a new business as it was typed. ID is made with the form.
type BusinessForm struct {
	ID, Name string
	Errors   []ui.FieldError
	CSRF     string
}

func (f BusinessForm) field() ui.FieldProps {
	p := ui.FieldProps{Name: "name", Label: "Business name", Value: f.Name, Required: true, Autofocus: true, Autocomplete: "organization"}
	for _, e := range f.Errors {
		if e.Field == "name" {
			p.Error = e.Message
		}
	}
	return p
}
