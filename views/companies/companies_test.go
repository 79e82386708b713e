package companies

import (
	"reflect"
	"testing"

	"payaid/internal/crm"
)

// Every field has a value, and there is none without a field.
func TestEveryFieldHasItsValue(t *testing.T) {
	v := ValuesOf(crm.Company{})
	for _, f := range fields {
		if _, ok := v[f.Name]; !ok {
			t.Errorf("%s has no value", f.Name)
		}
	}
	if len(v) != len(fields) {
		t.Errorf("%d values for %d fields", len(v), len(fields))
	}
}

// The addresses of a form become the value of one field and are read from it again.
func TestAddressesAreOneField(t *testing.T) {
	sent := map[string]string{
		"addresses[0].label": "Billing", "addresses[0].city": "Pune", "addresses[0].stateCode": "27", "addresses[0].pin": "411001",
		"addresses[1].label": "Shipping", "addresses[2].lines": "12 MG Road",
	}
	value, ok := readPlaces(func(name string) (string, bool) {
		value, ok := sent[name]
		return value, ok
	})
	want := []crm.Address{{Label: "Billing", City: "Pune", StateCode: "27", PIN: "411001"}, {Lines: "12 MG Road"}}
	if got := Places(value); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, ok)
	}
	if got := saidPlaces(value); got != "Billing: Pune 411001, Maharashtra\nAddress: 12 MG Road" {
		t.Errorf("they read %q", got)
	}
	for _, some := range []bool{true, false} {
		if value, ok := readPlaces(func(string) (string, bool) { return "", some }); ok != some || value != "" {
			t.Errorf("empty fields %v: %q, %v", some, value, ok)
		}
	}
}

func TestColumnsAreThoseThatCanBeChosen(t *testing.T) {
	if len(columns) != len(crm.CompanyColumns) {
		t.Fatalf("%d columns for %d keys", len(columns), len(crm.CompanyColumns))
	}
	for i, c := range columns {
		if c.Key != crm.CompanyColumns[i] {
			t.Errorf("column %d is %s, want %s", i, c.Key, crm.CompanyColumns[i])
		}
	}
}
