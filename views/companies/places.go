package companies

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"payaid/internal/crm"
	"payaid/internal/gstin"
	"payaid/views/ui"
)

// writtenPlaces are addresses as the value of one field.
func writtenPlaces(all []crm.Address) string {
	if len(all) == 0 {
		return ""
	}
	text, err := json.Marshal(all)
	if err != nil { // five strings have no value that JSON cannot write
		return ""
	}
	return string(text)
}

// Places are the addresses in the value of the field. What a form sent that is none holds no address.
func Places(value string) []crm.Address {
	var all []crm.Address
	if err := json.Unmarshal([]byte(value), &all); err != nil {
		return nil
	}
	return all
}

// readPlaces reads the controls; an address without anything but a label is left out.
func readPlaces(form func(name string) (string, bool)) (value string, sent bool) {
	var all []crm.Address
	for i := range crm.MaxAddresses {
		at := func(name string) string {
			value, ok := form(placeName(i, name))
			sent = sent || ok
			return value
		}
		a := crm.Address{Label: at("label"), Lines: at("lines"), City: at("city"), StateCode: at("stateCode"), PIN: at("pin")}
		if a.Lines+a.City+a.StateCode+a.PIN != "" {
			all = append(all, a)
		}
	}
	return writtenPlaces(all), sent
}

// saidPlaces are addresses as a person reads them.
func saidPlaces(value string) string {
	var texts []string
	for _, a := range Places(value) {
		texts = append(texts, placeLabel(a)+": "+strings.ReplaceAll(placeText(a), "\n", ", "))
	}
	return strings.Join(texts, "\n")
}

// offered are the addresses to type: those there are, one for bills and one for goods where there is none, and an empty one.
func offered(all []crm.Address) []crm.Address {
	out := slices.Clone(all)
	for _, label := range []string{"Billing", "Shipping"} {
		if len(out) < 2 && !slices.ContainsFunc(out, func(a crm.Address) bool { return strings.EqualFold(a.Label, label) }) {
			out = append(out, crm.Address{Label: label})
		}
	}
	if len(all) >= 2 && len(out) < crm.MaxAddresses {
		out = append(out, crm.Address{})
	}
	return out
}

func placeName(i int, name string) string { return "addresses[" + strconv.Itoa(i) + "]." + name }

func placeField(i int, name, label, value string, errs []ui.FieldError) ui.FieldProps {
	f := ui.FieldProps{Name: placeName(i, name), Label: label, Value: value}
	if name == "pin" {
		f.Attrs = templ.Attributes{"inputmode": "numeric"}
	}
	for _, e := range errs {
		if e.Field == f.Name {
			f.Error = e.Message
		}
	}
	return f
}

// states are what an address can lie in.
func states() []ui.Option {
	out := []ui.Option{{Value: "", Label: "Not known"}}
	for _, code := range gstin.StateCodes() {
		out = append(out, ui.Option{Value: code, Label: gstin.State(code)})
	}
	return out
}

func placeLabel(a crm.Address) string {
	if a.Label == "" {
		return "Address"
	}
	return a.Label
}

// placeText is an address as it stands on a letter.
func placeText(a crm.Address) string {
	var lines []string
	for _, line := range []string{a.Lines, strings.TrimSpace(a.City + " " + a.PIN), gstin.State(a.StateCode)} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
