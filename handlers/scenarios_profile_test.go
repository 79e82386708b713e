package handlers_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"payaid/internal/auth"
	"payaid/internal/blob"
)

var (
	pngHead   = "\x89PNG\r\n\x1a\n"
	svgScript = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
)

// sendFile sends a file in the form's field.
func sendFile(field, content string) body {
	return func(t *testing.T, _ *world, b *browser) (string, string) {
		var out bytes.Buffer
		m := multipart.NewWriter(&out)
		for name, values := range b.withToken(map[string][]string{}) {
			ok(t, m.WriteField(name, values[0]))
		}
		part, err := m.CreateFormFile(field, "me.png")
		ok(t, err)
		_, err = part.Write([]byte(content))
		ok(t, err)
		ok(t, m.Close())
		return m.FormDataContentType(), out.String()
	}
}

// redPNG is an image of one colour, wider than high.
func redPNG(shade uint8) string {
	img := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for x := range 60 {
		for y := range 40 {
			img.Set(x, y, color.RGBA{R: shade, A: 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err) // the memory takes everything
	}
	return out.String()
}

var profileScenarios = []scenario{
	{route: "GET /settings/profile", name: "ok", as: asMember, status: okay, wants: []string{`value="Meera Joshi"`, "meera@example.in", `aria-current="page"`, `data-theme="system"`}, lacks: []string{"/settings/people", "/photo/remove"}},
	{route: "GET /settings/profile", name: "key", as: withKey, status: forbidden},
	{route: "GET /settings/profile", name: "anonymous", status: seeOther},
	{route: "POST /settings/profile", name: "ok", as: asStranger, send: form("name", " Zoya  Khan ", "theme", "dark"), status: seeOther, check: location("/settings/profile?done=saved")},
	{route: "POST /settings/profile", name: "what it did", as: asStranger, send: form("name", "", "theme", "x"), status: unprocessable,
		wants: []string{`<html lang="en-IN" class="dark" data-theme="dark">`, "Enter your name", "Choose light, dark", `name="singleKeys" type="checkbox" class="control" aria-describedby`}},
	{route: "POST /settings/profile", name: "invalid", as: asMember, send: form("name", strings.Repeat("n", 201), "theme", "system"), status: unprocessable, wants: []string{"at most 200 characters"}},
	{route: "POST /settings/profile", name: "anonymous", send: form("name", "A"), status: unauthorized},
	{route: "POST /settings/appearance", name: "ok", as: asStranger, send: form("theme", "light"), status: seeOther},
	{route: "POST /settings/appearance", name: "part", as: asStranger, headers: htmx(), send: form("part", "keys", "singleKeys", "on"), status: http.StatusNoContent},
	{route: "POST /settings/appearance", name: "invalid", as: asStranger, send: form("theme", "sepia"), status: unprocessable},
	{route: "POST /settings/appearance", name: "without a token", as: asStranger, send: form("theme", "dark", "_csrf", "x"), status: forbidden},
	{route: "POST /settings/appearance", name: "anonymous", send: form("theme", "dark"), status: unauthorized},
	{route: "POST /settings/profile/photo", name: "ok", as: asStranger, send: sendFile("photo", redPNG(200)), status: seeOther},
	{route: "POST /settings/profile/photo", name: "invalid", as: asMember, send: sendFile("photo", svgScript), status: unprocessable, wants: []string{"Choose a PNG, JPEG or WebP image.", `id="photo-err"`}, lacks: []string{"alert(1)"}},
	{route: "POST /settings/profile/photo", name: "cut off", as: asMember, send: sendFile("photo", redPNG(9)[:60]), status: unprocessable, wants: []string{"damaged"}},
	{route: "POST /settings/profile/photo", name: "a bomb", as: asMember, send: sendFile("photo", pngBomb), status: unprocessable, wants: []string{"25 million pixels"}},
	{route: "POST /settings/profile/photo", name: "large", as: asMember, send: sendFile("photo", strings.Repeat("a", auth.MaxPhotoSize+1)), status: unprocessable, wants: []string{"larger than 5 MB"}},
	{route: "POST /settings/profile/photo", name: "too large", as: asMember, send: sendFile("photo", strings.Repeat("a", auth.MaxPhotoSize+2<<20)), status: http.StatusRequestEntityTooLarge},
	{route: "POST /settings/profile/photo", name: "no file", as: asMember, send: form(), status: unprocessable, wants: []string{"Choose a file."}},
	{route: "POST /settings/profile/photo", name: "anonymous", send: sendFile("photo", redPNG(1)), status: unauthorized},
	{route: "POST /settings/profile/photo/remove", name: "ok", as: asStranger, send: form(), status: seeOther},
	{route: "POST /settings/profile/photo/remove", name: "anonymous", send: form(), status: unauthorized},
}

// pngBomb announces 60,000 × 60,000 pixels in a few bytes.
var pngBomb = pngHead + "\x00\x00\x00\x0dIHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x06\x00\x00\x00\x80\xd2\x75\x42"

// TestAPhotoFromItsUploadToItsEnd sees a photo on pages and by its address, replaced
// and removed. Its files stay until no backup needs them.
func TestAPhotoFromItsUploadToItsEnd(t *testing.T) {
	w := newWorld(t)
	me, colleague, stranger := w.as(t, w.owner), w.as(t, w.member), w.as(t, w.stranger)
	photo := func(shade uint8) string {
		t.Helper()
		contentType, content := sendFile("photo", redPNG(shade))(t, w, me)
		me.do(t, http.MethodPost, "/settings/profile/photo", contentType, content).is(t, seeOther)
		_, after, found := strings.Cut(me.get(t, "/settings/profile").body, `<img src="/photos/`)
		if !found {
			t.Fatal("no photo in the menu")
		}
		path, _, _ := strings.Cut(after, `"`)
		return "/photos/" + path
	}
	first := photo(200)
	a := colleague.get(t, first)
	a.is(t, okay)
	img, err := jpeg.Decode(strings.NewReader(a.body))
	if err != nil || img.Bounds() != image.Rect(0, 0, 256, 256) {
		t.Errorf("the photo: %v", err)
	}
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	me.get(t, "/settings/people").wants(t, first)
	stranger.get(t, first).is(t, notFound)
	w.visitor().get(t, first).is(t, seeOther)
	w.program(w.ownerKey).get(t, first).is(t, forbidden)
	me.get(t, first[:len(first)-1]+"x").is(t, notFound)
	me.get(t, "/photos/x/"+strings.Repeat("0", 64)).is(t, notFound)
	me.get(t, "/photos/"+w.owner.id.String()+"/%00").is(t, notFound)

	second := photo(90)
	if second == first {
		t.Fatal("another photo has the same address")
	}
	colleague.get(t, first).is(t, notFound)
	colleague.get(t, second).is(t, okay)
	me.post(t, "/settings/profile/photo/remove", nil).is(t, seeOther)
	colleague.get(t, second).is(t, notFound)
	kept := 0
	ok(t, w.blobs.List(t.Context(), "u/", func(blob.Info) error { kept++; return nil }))
	if kept != 2 {
		t.Errorf("%d photos are kept, want both", kept)
	}
}
