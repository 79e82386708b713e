package apperr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"payaid/internal/apperr"
)

func TestFromHidesWhatIsNotMeantForUsers(t *testing.T) {
	cause := errors.New("dial tcp: secret host")
	e := apperr.From(fmt.Errorf("list contacts: %w", cause))
	if e.Code != apperr.Internal || strings.Contains(e.Message, "secret") {
		t.Fatalf("got %q %q", e.Code, e.Message)
	}
	if !errors.Is(e, cause) {
		t.Error("the cause must stay in the chain for the log")
	}
}

func TestFromFindsTheErrorInTheChain(t *testing.T) {
	want := apperr.New(apperr.NotFound, "This contact does not exist.")
	if got := apperr.From(fmt.Errorf("get: %w", want)); got != want {
		t.Fatalf("got %v", got)
	}
	if !apperr.Is(fmt.Errorf("get: %w", want), apperr.NotFound) || apperr.Is(nil, apperr.NotFound) {
		t.Error("Is does not follow the chain")
	}
}

func TestFieldsKeepOrderAndFirstMessage(t *testing.T) {
	var f apperr.Fields
	if f.Err() != nil {
		t.Fatal("nothing was refused")
	}
	f.Check(true, "name", "unused")
	f.Check(false, "email", "first")
	f.Check(false, "email", "second")
	f.Add("phone", "third")
	e := apperr.From(f.Err())
	if e.Code != apperr.Validation || len(e.Details) != 2 || e.Field("email") != "first" || e.Field("phone") != "third" || e.Field("name") != "" {
		t.Fatalf("got %+v", e)
	}
}
