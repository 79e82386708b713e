package e2e

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// webManifest is what the test reads of the manifest.
type webManifest struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	ShortName  string `json:"short_name"`
	StartURL   string `json:"start_url"`
	Display    string `json:"display"`
	ThemeColor string `json:"theme_color"`
	Background string `json:"background_color"`
	Icons      []struct{ Src, Sizes, Purpose string }
}

// The browser finds nothing in the way of installing the program on a phone.
func TestInstallable(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	var data string
	tb.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, complaints, text, _, err := page.GetAppManifest().Do(ctx)
		for _, c := range complaints {
			t.Errorf("manifest, line %d: %s", c.Line, c.Message)
		}
		data = text
		return err
	}), chromedp.ActionFunc(func(ctx context.Context) error {
		obstacles, err := page.GetInstallabilityErrors().Do(ctx)
		for _, o := range obstacles {
			if o.ErrorID != "in-incognito" { // as each tab of these tests is
				t.Errorf("not installable: %s", o.ErrorID)
			}
		}
		return err
	}))
	var m webManifest
	if err := json.Unmarshal([]byte(data), &m); err != nil {
		t.Fatal(err)
	}
	if m.ID != "/" || m.Name == "" || m.ShortName == "" || m.StartURL != "/" || m.Display != "standalone" || m.ThemeColor == "" || m.Background == "" {
		t.Errorf("the manifest says %+v", m)
	}
	for _, want := range []struct{ size, purpose string }{{"192x192", ""}, {"512x512", ""}, {"512x512", "maskable"}} {
		i := slices.IndexFunc(m.Icons, func(icon struct{ Src, Sizes, Purpose string }) bool {
			return icon.Sizes == want.size && icon.Purpose == want.purpose
		})
		if i < 0 {
			t.Errorf("no icon of %s for purpose %q", want.size, want.purpose)
			continue
		}
		var size string
		tb.do(chromedp.Evaluate(`fetch('`+m.Icons[i].Src+`').then(r => r.blob()).then(createImageBitmap).then(b => b.width + 'x' + b.height)`, &size, awaited))
		if size != want.size {
			t.Errorf("%s is %s, not %s", m.Icons[i].Src, size, want.size)
		}
	}
}

// barColours compares the colour that the browser gives its own bars with that of the page.
const barColours = `(() => {
	const pen = document.createElement('canvas').getContext('2d');
	const bytes = (colour) => { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); return [...pen.getImageData(0, 0, 1, 1).data]; };
	const bars = [...document.querySelectorAll('meta[name=theme-color]')].filter(m => matchMedia(m.media).matches);
	const page = bytes(getComputedStyle(document.body).backgroundColor);
	return bars.length === 1 && bytes(bars[0].content).every((b, i) => Math.abs(b - page[i]) <= 1);
})()`

// The bars follow the system, and the person where they chose otherwise.
func TestTheBrowsersBarsFollowTheTheme(t *testing.T) {
	tb := newTab(t)
	for _, name := range []string{"light", "dark"} {
		tb.do(theme(name))
		tb.open("/login")
		tb.wait(barColours)
	}
	tb.signIn("manager@demo.test")
	tb.wait(isDark + " && " + barColours)
	tb.click(".me")
	for _, choice := range []string{"light", "dark", "system"} {
		tb.click(`#me-menu [data-theme-set=` + choice + `]`)
		tb.wait(`document.documentElement.dataset.theme === '` + choice + `' && ` + barColours)
		if want := map[string]string{"light": "light", "dark": "dark", "system": "dark"}[choice]; !saysBars(tb, choice, want) {
			t.Errorf("for %q the server's first byte does not give the bars the %s colour", choice, want)
		}
	}
}

// saysBars asks the server, which keeps a choice a moment after it is shown, and
// reports whether its page alone, before any script, has the colour of theme.
func saysBars(tb *tab, choice, theme string) bool {
	tb.t.Helper()
	for range 50 {
		var said, bars string
		tb.do(chromedp.Evaluate(`fetch('/contacts').then(r => r.text()).then(html => {
			const page = new DOMParser().parseFromString(html, 'text/html');
			window.bars = [...page.querySelectorAll('meta[name=theme-color]')].filter(m => matchMedia(m.media).matches).map(m => m.dataset.themeOf).join();
			return page.documentElement.dataset.theme;
		})`, &said, awaited), chromedp.Evaluate(`window.bars`, &bars))
		if said == choice {
			return bars == theme
		}
	}
	return false
}
