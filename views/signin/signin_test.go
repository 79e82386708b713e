package signin_test

import (
	"context"
	"strings"
	"testing"

	"payaid/views/layout"
	"payaid/views/signin"
)

func TestPage(t *testing.T) {
	form := []string{`action="/login"`, `name="_csrf" value="the-token"`, `name="email"`, `name="password"`, `autocomplete="current-password"`}
	tests := []struct {
		name          string
		props         signin.Props
		want, notWant []string
	}{
		{"a provider", signin.Props{Provider: "Example & Sons"}, []string{`href="/login/oidc"`, "Continue with Example &amp; Sons"}, nil},
		{"a provider, on the way", signin.Props{Provider: "X", Next: "/contacts?q=a&b=c"}, []string{`href="/login/oidc?next=%2Fcontacts%3Fq%3Da%26b%3Dc"`}, nil},
		{"first visit", signin.Props{}, nil, []string{"/login/oidc", "demo-payaid", `name="next"`, `class="alert"`}},
		{"on the way to a page", signin.Props{Next: "/contacts?q=\"a\""}, []string{`name="next" value="/contacts?q=&#34;a&#34;"`}, nil},
		{"refused", signin.Props{Email: "asha@example.in", Error: "The e-mail or the password is not right."}, []string{`value="asha@example.in"`, `role="alert"`, "is not right."}, nil},
		{"a field is missing", signin.Props{PassError: "Enter your password."}, []string{`aria-describedby="password-err"`, "Enter your password."}, nil},
		{"too many tries", signin.Props{RateLimited: "2 minutes", Error: "not shown"}, []string{"Please wait 2 minutes"}, []string{"not shown"}},
		{"signed out", signin.Props{SignedOut: true}, []string{"You have signed out."}, nil},
		{"demo", signin.Props{Demo: true}, []string{"demo-payaid", "owner@demo.test", "manager@demo.test", "member@demo.test"}, nil},
	}
	frame := layout.Props{Title: "Sign in", CSRF: "the-token", Asset: func(name string) string { return name }}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := signin.Page(frame, tt.props).Render(context.Background(), &b); err != nil {
				t.Fatal(err)
			}
			for _, want := range append(tt.want, form...) {
				if !strings.Contains(b.String(), want) {
					t.Errorf("missing %s", want)
				}
			}
			for _, unwanted := range tt.notWant {
				if strings.Contains(b.String(), unwanted) {
					t.Errorf("should not hold %s", unwanted)
				}
			}
		})
	}
}
