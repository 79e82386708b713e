package ui_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rule is something that no template may hold, and why.
type rule struct {
	name   string
	reason string
	bad    *regexp.Regexp
	unless *regexp.Regexp // a match that also matches this is fine
	sample string         // shows that the rule bites
}

func rules() []rule {
	const dead = "it needs unsafe-eval, which the content security policy refuses: use static/app.js"
	const htmx2 = "it is htmx 2 and does nothing in htmx 4"
	re := regexp.MustCompile
	return []rule{
		{"hx-on", dead, re(`hx-on\b`), nil, `<a hx-on:click="x()">`},
		{"js: value", dead, re(`(?s)hx-(vals|headers)="[^"]*js:|javascript:`), nil, `<a hx-vals="js:{a:1}">`},
		{"trigger filter", dead, re(`hx-trigger="[^"]*\[`), nil, `<a hx-trigger="click[ctrlKey]">`},
		{"hx-ext", htmx2, re(`\bhx-ext\b`), nil, `<div hx-ext="sse">`},
		{"hx-disabled-elt", htmx2 + "; write hx-disable", re(`hx-disabled-elt`), nil, `<form hx-disabled-elt="x">`},
		{"sse-connect", htmx2 + "; write hx-sse:connect", re(`[^:]\bsse-(connect|swap|close)`), nil, `<div sse-connect="/x">`},
		{"hx-boost", "pages are linked by plain links; the browser prefetches them", re(`hx-boost`), nil, `<a hx-boost="true">`},
		{"style", "the content security policy refuses inline styles", re(`[\s"]style(\?|)[=":]|<style`), nil, `<p style="x">`},
		{"event attribute", "the content security policy refuses inline scripts", re(`[\s"]on[a-z]+"?=`), nil, `<a onclick="x()">`},
		{"inline script", "the content security policy refuses inline scripts", re(`<script[^>]*>`), re(`src=`), `<script>x()</script>`},
		{"raw HTML", "what is not escaped can be made to run", re(`templ\.Raw`), nil, `@templ.Raw(x)`},
		{"foreign host", "everything comes from our own server", re(`https?://[^"\s]*`), re(`^http://www\.w3\.org/2000/svg$`), `<img src="https://example.com/x">`},
		{"value lost as children", "on the line of a component call { v } becomes its children: put it on a line of its own", re(`(?m)^[ \t]*@[^\n]*\)[ \t]*\{[^\n]*\}[ \t]*$`), nil, `@Icon(x) { name }`},
		{"form without CSRF", "a posting form needs ui.CSRF right after its tag", re(`(?s)<form[^>]*method="post"[^>]*>.{0,40}`), re(`CSRF\(`), `<form method="post" action="/x"><input></form>`},
	}
}

func violations(text string) []string {
	var found []string
	for _, r := range rules() {
		for _, match := range r.bad.FindAllString(text, -1) {
			if r.unless == nil || !r.unless.MatchString(match) {
				found = append(found, r.name+" in "+strings.TrimSpace(match)+": "+r.reason)
			}
		}
	}
	return found
}

// TestTemplates holds every template to the rules.
func TestTemplates(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".templ" {
			return err
		}
		seen++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, v := range violations(string(text)) {
			// The generated bodies of the icons are the one text we trust.
			if filepath.Base(path) == "icon.templ" && strings.HasPrefix(v, "raw HTML") {
				continue
			}
			// Mail programs load no style sheet, and no policy of ours holds there.
			if filepath.Base(filepath.Dir(path)) == "mail" && strings.HasPrefix(v, "style") {
				continue
			}
			t.Errorf("%s: %s", strings.TrimPrefix(path, "../"), v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 10 {
		t.Errorf("only %d templates found: is this test still in views/ui?", seen)
	}
}

func TestRulesBite(t *testing.T) {
	for _, r := range rules() {
		if !r.bad.MatchString(" "+r.sample) || r.unless != nil && r.unless.MatchString(r.sample) {
			t.Errorf("%s does not refuse %s", r.name, r.sample)
		}
	}
	good := `<form method="post" action="/x" hx-sse:connect="/y" hx-trigger="input changed delay:250ms from:#q">
		@ui.CSRF(token)
		<svg xmlns="http://www.w3.org/2000/svg"></svg><script src="/static/app.js" defer></script>
		@ui.Alert(ui.ToneInfo, "one") {
		}`
	if v := violations(good); len(v) > 0 {
		t.Errorf("refused without need: %v", v)
	}
}
