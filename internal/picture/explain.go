package picture

import (
	"errors"
	"fmt"

	"payaid/internal/apperr"
)

// Explain turns what was wrong with an upload of at most maxBytes into a Validation
// error for the form's field. Every other error is returned as it is.
func Explain(err error, field string, maxBytes int64) error {
	var message string
	switch {
	case errors.Is(err, ErrKind):
		message = "Choose a PNG, JPEG or WebP image."
	case errors.Is(err, ErrDamaged):
		message = "This image is damaged. Open it, save it again and choose the new file."
	case errors.Is(err, ErrTooLarge):
		message = fmt.Sprintf("This file is larger than %d MB. Choose a smaller one.", maxBytes>>20)
	case errors.Is(err, ErrPixels):
		message = fmt.Sprintf("This image has more than %d million pixels. Make it smaller first.", MaxPixels/1_000_000)
	default:
		return err
	}
	var f apperr.Fields
	f.Add(field, message)
	return f.Err()
}
