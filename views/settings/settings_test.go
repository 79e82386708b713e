package settings

import (
	"os"
	"strings"
	"testing"
)

// The page shows the matrix as it was agreed, word by word.
func TestTheMatrixAsPeopleReadIt(t *testing.T) {
	var got strings.Builder
	if err := Rights().Render(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/rights.html")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != strings.TrimSuffix(string(want), "\n") {
		t.Errorf("the matrix reads now:\n%s", got.String())
	}
}

func TestNamesOfFieldsInWords(t *testing.T) {
	for name, want := range map[string]string{"name": "Name", "lastName": "Last name", "nextFollowUp": "Next follow up", "": ""} {
		if got := fieldName(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
