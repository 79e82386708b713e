package picture_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"payaid/internal/picture"
)

const limit = 5 << 20

// sample is red on the left and blue on the right, with a green line on top.
func sample(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{R: 220, A: 255}
			if x >= w/2 {
				c = color.RGBA{B: 220, A: 255}
			}
			if y < h/8 {
				c = color.RGBA{G: 220, A: 255}
			}
			img.Set(x, y, c)
		}
	}
	return img
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withEXIF puts an EXIF part behind a JPEG's first marker: an orientation and
// where it was taken.
func withEXIF(jpg []byte, orientation uint16) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, orientation)
	tiff = append(tiff, "\x00\x00\x00\x00\x00\x00GPS 18.9220N 72.8347E"...)
	part := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(part)+2))...)
	return append(append(out, part...), jpg[2:]...)
}

// bomb is a PNG of a few bytes that announces many pixels.
func bomb(w, h uint32) []byte {
	chunk := func(name string, data []byte) []byte {
		out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		body := append([]byte(name), data...)
		return binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return append([]byte("\x89PNG\r\n\x1a\n"), append(chunk("IHDR", append(head, 8, 6, 0, 0, 0)), chunk("IEND", nil)...)...)
}

// One grey pixel, 1 × 1, lossless WebP.
const tinyWebP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="

func TestAPhotoIsSquareAndSmall(t *testing.T) {
	m := picture.NewMaker()
	webp, err := base64.StdEncoding.DecodeString(tinyWebP)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"a wide JPEG": asJPEG(t, sample(600, 300)), "a tall PNG": asPNG(t, sample(30, 400)), "a small WebP": webp, "one pixel": asPNG(t, sample(1, 1)),
	} {
		p, err := m.Square(t.Context(), bytes.NewReader(data), limit, 256)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		img, kind, err := image.Decode(bytes.NewReader(p.Data))
		if err != nil || kind != "jpeg" || p.ContentType != "image/jpeg" || img.Bounds() != image.Rect(0, 0, 256, 256) {
			t.Errorf("%s: %s %s %v, %v", name, kind, p.ContentType, img.Bounds(), err)
		}
		if len(p.SHA256) != 64 || p.SHA256 != strings.ToLower(p.SHA256) {
			t.Errorf("%s: hash %q", name, p.SHA256)
		}
	}
}

func TestTheSameUploadGivesTheSamePicture(t *testing.T) {
	m, data := picture.NewMaker(), asPNG(t, sample(90, 70))
	a, err := m.Square(t.Context(), bytes.NewReader(data), limit, 64)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := m.Square(t.Context(), bytes.NewReader(data), limit, 64); err != nil || a.SHA256 != b.SHA256 {
		t.Errorf("%s and %s, %v", a.SHA256, b.SHA256, err)
	}
}

func TestNothingButPixelsSurvives(t *testing.T) {
	data := withEXIF(asJPEG(t, sample(400, 400)), 1)
	if !bytes.Contains(data, []byte("GPS 18.9220N")) {
		t.Fatal("the sample has no place in it")
	}
	p, err := picture.NewMaker().Square(t.Context(), bytes.NewReader(data), limit, 256)
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range []string{"Exif", "GPS"} {
		if bytes.Contains(p.Data, []byte(trace)) {
			t.Errorf("the picture still holds %q", trace)
		}
	}
}

// The green line is on top of the upright image. Each orientation says where the
// camera put it.
func TestAPhotoStandsUpright(t *testing.T) {
	green := func(img image.Image, x, y int) bool {
		r, g, b, _ := img.At(x, y).RGBA()
		return g > r && g > b
	}
	for o, at := range map[uint16]image.Point{1: {32, 2}, 3: {32, 61}, 6: {61, 32}, 8: {2, 32}, 9: {32, 2}} {
		p, err := picture.NewMaker().Square(t.Context(), bytes.NewReader(withEXIF(asJPEG(t, sample(256, 256)), o)), limit, 64)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(p.Data))
		if err != nil || !green(img, at.X, at.Y) {
			t.Errorf("orientation %d: the line is not at %v (%v)", o, at, err)
		}
	}
}

func TestALogoKeepsItsShapeAndTransparency(t *testing.T) {
	m := picture.NewMaker()
	clear := image.NewNRGBA(image.Rect(0, 0, 1024, 256))
	clear.Set(0, 0, color.NRGBA{R: 255, A: 255})
	for name, c := range map[string]struct {
		data []byte
		want image.Rectangle
	}{
		"wide":     {asPNG(t, clear), image.Rect(0, 0, 512, 128)},
		"tall":     {asJPEG(t, sample(100, 800)), image.Rect(0, 0, 32, 256)},
		"small":    {asPNG(t, sample(40, 20)), image.Rect(0, 0, 40, 20)},
		"a line":   {asPNG(t, sample(2000, 1)), image.Rect(0, 0, 512, 1)},
		"sideways": {withEXIF(asJPEG(t, sample(400, 200)), 6), image.Rect(0, 0, 128, 256)},
	} {
		p, err := m.Fit(t.Context(), bytes.NewReader(c.data), limit, 512, 256)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		img, err := png.Decode(bytes.NewReader(p.Data))
		if err != nil || img.Bounds() != c.want || p.ContentType != "image/png" {
			t.Errorf("%s: %v %s, %v", name, img.Bounds(), p.ContentType, err)
		}
		if _, _, _, a := img.At(c.want.Max.X-1, c.want.Max.Y-1).RGBA(); name == "wide" && a != 0 {
			t.Error("transparency is lost")
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	whole := asJPEG(t, sample(300, 300))
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":                    {nil, picture.ErrKind},
		"SVG":                        {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), picture.ErrKind},
		"GIF":                        {[]byte("GIF89a\x01\x00\x01\x00"), picture.ErrKind},
		"HTML behind a PNG's name":   {[]byte("<!doctype html>"), picture.ErrKind},
		"a PNG that is cut off":      {asPNG(t, sample(50, 50))[:40], picture.ErrDamaged},
		"a JPEG that is cut off":     {whole[:len(whole)/2], picture.ErrDamaged},
		"a JPEG of three bytes":      {whole[:3], picture.ErrDamaged},
		"a WebP without an image":    {[]byte("RIFF\x10\x00\x00\x00WEBPVP8 \x00\x00\x00\x00"), picture.ErrDamaged},
		"many pixels in few bytes":   {bomb(60_000, 60_000), picture.ErrPixels},
		"one very long line":         {bomb(1<<31-1, 1), picture.ErrPixels},
		"one more pixel than may be": {bomb(picture.MaxPixels+1, 1), picture.ErrPixels},
		"too many bytes":             {append(whole, make([]byte, limit)...), picture.ErrTooLarge},
	} {
		if _, err := picture.NewMaker().Square(t.Context(), bytes.NewReader(c.data), limit, 256); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestWhoWaitsForATurnCanGiveUp(t *testing.T) {
	m := picture.NewMaker()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // a free turn and an ended context are equally likely to be seen first
		if _, err := m.Square(ctx, bytes.NewReader(asPNG(t, sample(8, 8))), limit, 8); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			return
		}
	}
	t.Error("nobody looks at the context")
}

// FuzzSquare feeds the decoders and the EXIF reader what nobody thought of.
func FuzzSquare(f *testing.F) {
	f.Add(withEXIF(asJPEG(f, sample(16, 16)), 6))
	f.Add(asPNG(f, sample(16, 16)))
	f.Add(bomb(1<<30, 2))
	m := picture.NewMaker()
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := m.Square(t.Context(), bytes.NewReader(data), 1<<16, 16)
		if err == nil && len(p.Data) == 0 {
			t.Error("neither a picture nor an error")
		}
	})
}
