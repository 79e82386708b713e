package layout_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"payaid/static"
	"payaid/views/layout"
	"payaid/views/ui"
)

func props() layout.Props {
	return layout.Props{
		Title:  "Contacts",
		Active: "contacts",
		CSRF:   "the-token",
		Asset:  func(name string) string { return "/static/" + name },
		Viewer: layout.Viewer{Name: "Asha Shah", Email: "asha@example.in", RoleLabel: "Owner", TenantName: "Udyog <Traders>", Theme: "dark"},
		Nav: []layout.NavGroup{
			{Items: []layout.NavItem{
				{Key: "dashboard", Label: "Dashboard", Href: "/dashboard", Icon: ui.IconLayoutDashboard, Keys: "g d"},
				{Key: "contacts", Label: "Contacts", Href: "/contacts", Icon: ui.IconUsers, Keys: "g c", Count: "248"},
			}},
			{Label: "Administration", Items: []layout.NavItem{{Key: "jobs", Label: "Jobs", Href: "/admin/jobs", Icon: ui.IconCog}}},
		},
		Create: []layout.NavItem{{Key: "new-contact", Label: "New contact", Href: "/contacts/new", Icon: ui.IconPlus, Keys: "c c"}},
	}
}

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(templ.WithChildren(context.Background(), templ.Raw("<p>The page.</p>")), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func contains(t *testing.T, html string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(html, w) {
			t.Errorf("missing: %s", w)
		}
	}
}

func TestPage(t *testing.T) {
	p := props()
	p.Unread = 120
	p.Notice = &ui.ToastProps{Kind: ui.ToastSuccess, Title: "Saved"}
	html := render(t, layout.Page(p))
	contains(t, html,
		"<!doctype html>", `<html lang="en-IN" class="dark" data-theme="dark">`, "<title>Contacts · PayAid</title>", `<a class="skip" href="#main">`,
		`<meta name="csrf-token" content="the-token">`, "&#34;history&#34;:&#34;reload&#34;",
		"99+", "Udyog &lt;Traders&gt;", "<p>The page.</p>", "<b>Saved</b>", `id="live"`, `id="modal"`,
		`<form method="post" action="/logout"><input type="hidden" name="_csrf" value="the-token">`,
		"<h2>Administration</h2>", `data-theme-set="system"`)
	if n := strings.Count(html, `aria-current="page"`); n != 1 {
		t.Errorf("%d current pages in the menu, want 1", n)
	}
	if strings.Contains(html, "Platform administrator") {
		t.Error("an ordinary user is shown as platform administrator")
	}
}

func TestEveryIDIsUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(render(t, layout.Page(props())), -1) {
		if seen[m[1]] {
			t.Errorf("id %q is used twice", m[1])
		}
		seen[m[1]] = true
	}
}

func TestBareShowsNoMenu(t *testing.T) {
	html := render(t, layout.Bare(props()))
	contains(t, html, "<p>The page.</p>", `id="toaster"`, "<title>Contacts · PayAid</title>")
	for _, unwanted := range []string{"asha@example.in", "/logout", "/dashboard"} {
		if strings.Contains(html, unwanted) {
			t.Errorf("a page before sign-in shows %s", unwanted)
		}
	}
}

func TestTopbar(t *testing.T) {
	html := render(t, layout.Topbar("New contact", layout.Crumb{Label: "Contacts", Href: "/contacts"}))
	contains(t, html, `<a class="crumb hide-mobile" href="/contacts">Contacts</a>`, "New contact</h1>", "<p>The page.</p>")
}

// TestAssetsExist renders each frame with real addresses and finds every file they name.
func TestAssetsExist(t *testing.T) {
	files, err := static.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := props()
	p.Asset = files.URL
	for _, frame := range []templ.Component{layout.Page(p), layout.Bare(p), layout.Reference(p, "/api/openapi.json")} {
		found := regexp.MustCompile(`(?:src|href)="/static/([^"]+)"`).FindAllStringSubmatch(render(t, frame), -1)
		if len(found) == 0 {
			t.Error("the frame names no file")
		}
		for _, m := range found {
			if _, immutable, ok := files.Lookup(m[1]); !ok || !immutable {
				t.Errorf("/static/%s does not exist or may not be cached", m[1])
			}
		}
	}
}

// TestShortcutsHaveHandlers holds the table of the help and static/keys.js together.
func TestShortcutsHaveHandlers(t *testing.T) {
	script, err := os.ReadFile("../../static/keys.js")
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]string{}
	for _, group := range layout.Shortcuts(props().Nav, props().Create) {
		for _, s := range group.Shortcuts {
			if !regexp.MustCompile(`(?m)^    ` + s.Do + `: \(`).Match(script) {
				t.Errorf("%s (%s): static/keys.js does not know the action %q", s.Keys, s.Label, s.Do)
			}
			for keys := range strings.SplitSeq(s.Keys, "|") {
				if other := taken[keys]; other != "" {
					t.Errorf("%s means %q and %q", keys, other, s.Label)
				}
				taken[keys] = s.Label
			}
		}
	}
	for _, keys := range []string{"/", "c", "g d", "g c", "j", "k", "Enter", "o", "x", "Escape", "Control+Enter", "Control+k", "c c", "?"} {
		if taken[keys] == "" {
			t.Errorf("%s does nothing", keys)
		}
	}
}

func TestShortcutHelp(t *testing.T) {
	html := render(t, layout.Page(props()))
	contains(t, html,
		`<div data-keys="g c" data-do="go" data-arg="/contacts"><dt>Contacts</dt><dd><kbd class="kbd">G</kbd><small>then</small><kbd class="kbd">C</kbd>`,
		`<kbd class="kbd">↵</kbd><small>or</small><kbd class="kbd">O</kbd>`,
		`<kbd class="kbd">Ctrl</kbd><kbd class="kbd">↵</kbd>`)
}
