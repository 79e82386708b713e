package e2e

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

const isDark = `document.documentElement.classList.contains('dark')`

// What somebody sets on one device holds on another: colours from the first byte,
// the photo and the single keys.
func TestAProfileFollowsThePerson(t *testing.T) {
	laptop, phone := newTab(t), newTab(t)
	laptop.signIn("member@demo.test")
	phone.signIn("member@demo.test")
	phone.wait("!" + isDark)
	laptop.click(".me")
	laptop.click(`#me-menu [data-theme-set=dark]`)
	laptop.wait(isDark + ` && document.querySelector('[data-theme-set=dark]').getAttribute('aria-pressed') === 'true'`)
	reload := func(tb *tab, until string) {
		t.Helper()
		for range 20 { // the choice is saved a moment after it is shown
			var ok bool
			tb.open("/settings/profile")
			tb.do(chromedp.Evaluate("!!("+until+")", &ok))
			if ok {
				return
			}
		}
		t.Fatalf("never true: %s", until)
	}
	reload(phone, isDark+` && document.documentElement.dataset.theme === 'dark'`)

	phone.do(chromedp.SetUploadFiles("#photo", []string{aPNG(t)}, chromedp.ByQuery))
	phone.clickText("Upload")
	phone.wait(`document.querySelector('.toast') && document.querySelector('.me img')?.naturalWidth === 256`)
	phone.axe("a profile with a photo, dark")
	reload(laptop, `document.querySelector('.me img')?.naturalWidth === 256`)

	laptop.click("#singleKeys")
	laptop.do(chromedp.SetValue("#theme", "system", chromedp.ByQuery))
	laptop.clickText("Save")
	laptop.wait(`document.querySelector('.toast') && !` + isDark)
	phone.open("/contacts")
	phone.press("c")
	phone.press("?")
	phone.wait(`!document.querySelector('dialog[open]') && location.pathname === '/contacts' && !` + isDark)
	phone.open("/settings/profile")
	phone.click("#singleKeys")
	phone.clickText("Save")
	phone.wait(`document.querySelector('.toast') && document.readyState === 'complete'`)
	phone.press("?")
	phone.wait(`document.querySelector('#keys').open`)
	phone.do(chromedp.KeyEvent("\x1b"))
	phone.clickText("Remove")
	phone.wait(`document.querySelector('.toast') && !document.querySelector('.me img')`)
}

func aPNG(t *testing.T) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for x := range 300 {
		for y := range 200 {
			img.Set(x, y, color.RGBA{R: uint8(x), G: uint8(y), B: 160, A: 255})
		}
	}
	path := filepath.Join(t.TempDir(), "photo.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	return path
}

// A wrong GSTIN is refused where it stands, and the right one says the state.
func TestTheBusinessAndAWrongGSTIN(t *testing.T) {
	tb := newTab(t, "422")
	tb.signIn("owner@demo.test")
	tb.open("/settings/business")
	tb.fill("#gstin", "27AAPFU0939F1ZX")
	tb.clickText("Save")
	tb.wait(`document.querySelector('#gstin-err')?.textContent.includes('not a valid GSTIN') && document.activeElement.matches('[data-focus]')`)
	tb.axe("the business with a wrong GSTIN")
	tb.fill("#gstin", "27AAPFU0939F1ZV")
	tb.do(chromedp.SetValue("#stateCode", "29", chromedp.ByQuery))
	tb.clickText("Save")
	tb.wait(`document.querySelector('#stateCode-err')?.textContent.includes('Maharashtra')`)
	tb.do(chromedp.SetValue("#stateCode", "", chromedp.ByQuery))
	tb.clickText("Save")
	tb.wait(`document.querySelector('.toast') && document.querySelector('#stateCode').value === '27'`)

	tb.do(chromedp.SetUploadFiles("#logo", []string{aPNG(t)}, chromedp.ByQuery))
	tb.clickText("Upload")
	tb.wait(`document.querySelector('.workspace-logo')?.naturalWidth === 300`)
	tb.clickText("Remove")
	tb.wait(`document.querySelector('.toast') && !document.querySelector('.workspace-logo')`)
	tb.fill("#gstin", "")
	tb.do(chromedp.SetValue("#stateCode", "", chromedp.ByQuery))
	tb.clickText("Save")
	tb.wait(`document.querySelector('.toast') && document.querySelector('#stateCode').value === ''`)
}

// aKeyToRotate makes a key and gives the address of the form with its new secret.
func aKeyToRotate(tb *tab) string {
	tb.t.Helper()
	tb.open("/settings/keys/new")
	tb.fill("#name", fmt.Sprintf("Rotate %s", tb.t.Name()))
	tb.clickText("Make key")
	tb.wait(`document.querySelector('#secret')`)
	tb.open("/settings/keys")
	var path string
	tb.do(chromedp.Evaluate(`document.querySelector('a[href$="/rotate"]').getAttribute('href')`, &path))
	return path
}
