package settings

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quietZone is the white border that cameras need, in modules.
const quietZone = 4

// qrCode is a QR code as one SVG path; size is the side of its square, with the
// quiet zone.
type qrCode struct {
	size int
	path string
}

// newQR draws text. It fails only on a text too long for any code.
func newQR(text string) (qrCode, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return qrCode{}, fmt.Errorf("draw a QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quietZone, y+quietZone, run, run)
				x += run
			}
		}
	}
	return qrCode{size: code.Size + 2*quietZone, path: path.String()}, nil
}

func (c qrCode) viewBox() string { return fmt.Sprintf("0 0 %d %d", c.size, c.size) }
