// Package picture turns an uploaded image into a small one of our own making.
// What was uploaded is never kept: pixels alone survive, so that neither places
// nor names nor programs hidden in a file reach anybody else.
//
// It knows neither people nor rights, and stores nothing.
package picture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

var (
	// ErrKind means that the bytes are no PNG, JPEG or WebP image.
	ErrKind = errors.New("no PNG, JPEG or WebP image")
	// ErrDamaged means that the image cannot be read to its end.
	ErrDamaged = errors.New("a damaged image")
	// ErrTooLarge means that the upload has more bytes than were allowed.
	ErrTooLarge = errors.New("too many bytes")
	// ErrPixels means that the image has more than MaxPixels pixels, whatever its bytes.
	ErrPixels = errors.New("too many pixels")
)

// MaxPixels bounds what is decoded: a phone's photo has 12 to 25 million.
const MaxPixels = 25_000_000

// jpegQuality is high enough for a small picture to show no traces of it.
const jpegQuality = 88

// Picture is an image that was made here.
type Picture struct {
	Data        []byte
	ContentType string
	SHA256      string // lower-case hex of Data, its name in the object store
}

// Maker makes pictures, one at a time: each may take 200 MB for a moment.
type Maker struct{ turn chan struct{} }

// NewMaker returns a Maker.
func NewMaker() *Maker { return &Maker{turn: make(chan struct{}, 1)} }

// Square makes a JPEG of side × side pixels from the middle of an upload of at
// most maxBytes.
func (m *Maker) Square(ctx context.Context, r io.Reader, maxBytes int64, side int) (Picture, error) {
	return m.convert(ctx, r, maxBytes, func(src image.Image, turned orientation) (Picture, error) {
		b := src.Bounds()
		edge := min(b.Dx(), b.Dy())
		corner := b.Min.Add(image.Pt((b.Dx()-edge)/2, (b.Dy()-edge)/2))
		dst := image.NewRGBA(image.Rect(0, 0, side, side))
		draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.CatmullRom.Scale(dst, dst.Bounds(), src, image.Rectangle{Min: corner, Max: corner.Add(image.Pt(edge, edge))}, draw.Over, nil)
		var out bytes.Buffer
		err := jpeg.Encode(&out, turned.apply(dst), &jpeg.Options{Quality: jpegQuality})
		return finished(out.Bytes(), "image/jpeg", err)
	})
}

// Fit makes a PNG of at most width × height pixels from the whole of an upload of
// at most maxBytes. A smaller image keeps its size, and transparency stays.
func (m *Maker) Fit(ctx context.Context, r io.Reader, maxBytes int64, width, height int) (Picture, error) {
	return m.convert(ctx, r, maxBytes, func(src image.Image, turned orientation) (Picture, error) {
		b, w, h := src.Bounds(), width, height
		if turned.sideways() {
			w, h = h, w
		}
		scale := min(1, float64(w)/float64(b.Dx()), float64(h)/float64(b.Dy()))
		dst := image.NewRGBA(image.Rect(0, 0, max(1, int(float64(b.Dx())*scale)), max(1, int(float64(b.Dy())*scale))))
		draw.CatmullRom.Scale(dst, dst.Bounds(), src, b, draw.Src, nil)
		var out bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestCompression}
		err := encoder.Encode(&out, turned.apply(dst))
		return finished(out.Bytes(), "image/png", err)
	})
}

func finished(data []byte, contentType string, err error) (Picture, error) {
	if err != nil {
		return Picture{}, fmt.Errorf("encode the picture: %w", err)
	}
	sum := sha256.Sum256(data)
	return Picture{Data: data, ContentType: contentType, SHA256: hex.EncodeToString(sum[:])}, nil
}

func (m *Maker) convert(ctx context.Context, r io.Reader, maxBytes int64, redraw func(image.Image, orientation) (Picture, error)) (Picture, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return Picture{}, fmt.Errorf("read the upload: %w", err)
	}
	if int64(len(data)) > maxBytes {
		return Picture{}, ErrTooLarge
	}
	decode, err := check(data)
	if err != nil {
		return Picture{}, err
	}
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return Picture{}, ctx.Err()
	}
	src, err := decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return redraw(src, exifOrientation(data))
}

// check finds the decoder by the first bytes, whatever the file is called, and
// looks at the announced size before anything is unpacked.
func check(data []byte) (func(io.Reader) (image.Image, error), error) {
	var config func(io.Reader) (image.Config, error)
	var decode func(io.Reader) (image.Image, error)
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		config, decode = png.DecodeConfig, png.Decode
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		config, decode = webp.DecodeConfig, webp.Decode
	default:
		return nil, ErrKind
	}
	c, err := config(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if c.Width < 1 || c.Height < 1 {
		return nil, ErrDamaged
	}
	if c.Width > MaxPixels || c.Height > MaxPixels || c.Width*c.Height > MaxPixels {
		return nil, ErrPixels
	}
	return decode, nil
}
