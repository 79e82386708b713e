package companies

import (
	"testing"

	"payaid/internal/crm"
)

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
