package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"payaid/internal/secret"
)

func box(t *testing.T, key, purpose string) *secret.Box {
	t.Helper()
	b, err := secret.NewBox(key, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatIsSealedOpensForItsOwnerOnly(t *testing.T) {
	b := box(t, "a secret", "one")
	sealed := b.Seal([]byte("hello"), []byte("asha"))
	if bytes.Contains(sealed, []byte("hello")) || bytes.Equal(sealed, b.Seal([]byte("hello"), []byte("asha"))) {
		t.Error("the value can be read, or is sealed the same each time")
	}
	if got, err := box(t, "a secret", "one").Open(sealed, []byte("asha")); err != nil || string(got) != "hello" {
		t.Errorf("opened %q, %v", got, err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another owner":   func() ([]byte, error) { return b.Open(sealed, []byte("ravi")) },
		"another secret":  func() ([]byte, error) { return box(t, "another", "one").Open(sealed, []byte("asha")) },
		"another purpose": func() ([]byte, error) { return box(t, "a secret", "two").Open(sealed, []byte("asha")) },
		"changed":         func() ([]byte, error) { return b.Open(changed, []byte("asha")) },
		"cut":             func() ([]byte, error) { return b.Open(sealed[:5], []byte("asha")) },
		"nothing":         func() ([]byte, error) { return b.Open(nil, []byte("asha")) },
	} {
		if got, err := open(); !errors.Is(err, secret.ErrSealed) || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestHashesDependOnEverything(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range []*secret.Box{box(t, "a", "one"), box(t, "a", "two"), box(t, "b", "one")} {
		for _, value := range []string{"x", "y", ""} {
			for _, owner := range []string{"asha", "ravi", "ravix"} {
				seen[string(b.Hash(value, []byte(owner)))] = true
			}
		}
	}
	if len(seen) != 27 {
		t.Errorf("%d different hashes, want 27", len(seen))
	}
	if !bytes.Equal(box(t, "a", "one").Hash("x", []byte("asha")), box(t, "a", "one").Hash("x", []byte("asha"))) {
		t.Error("a hash is not the same each time")
	}
}

func TestNoSecretNoBox(t *testing.T) {
	if _, err := secret.NewBox("", "one"); err == nil {
		t.Error("an empty secret made a box")
	}
}
