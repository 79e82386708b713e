package oidc

import (
	"encoding/json"
	"testing"
)

// Only Microsoft's own issuer may vouch for an e-mail with Microsoft's claim.
func TestWhoVouchesForTheEmail(t *testing.T) {
	const entra = "https://login.microsoftonline.com/6f1b/v2.0"
	for _, c := range []struct {
		issuer, claims string
		want           bool
	}{
		{entra, `{"email":"a@x.in","xms_edov":true}`, true},
		{entra, `{"email":"a@x.in","xms_edov":"1"}`, true},
		{entra, `{"email":"a@x.in","xms_edov":1}`, true},
		{entra, `{"email":"a@x.in","xms_edov":0}`, false},
		{entra, `{"email":"a@x.in"}`, false},
		{"https://login.microsoftonline.com.evil.example/v2.0", `{"email":"a@x.in","xms_edov":true}`, false},
		{"https://id.example.in", `{"email":"a@x.in","xms_edov":true}`, false},
		{"https://id.example.in", `{"email":"a@x.in","email_verified":true}`, true},
		{"https://id.example.in", `{"email":"a@x.in","email_verified":["true"]}`, false},
	} {
		var got claims
		if err := json.Unmarshal([]byte(c.claims), &got); err != nil {
			t.Fatal(err)
		}
		if got.verified(c.issuer) != c.want {
			t.Errorf("%s from %s: want %v", c.claims, c.issuer, c.want)
		}
	}
}
