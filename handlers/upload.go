package handlers

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"payaid/internal/apperr"
)

// uploadTimeout bounds the keeping of an uploaded file, counted from when its last
// byte was here.
const uploadTimeout = time.Minute

// withUpload hands the file of a form's field to take. It answers Validation for
// the field where there is no file.
func withUpload(c *fiber.Ctx, field string, take func(ctx context.Context, header *multipart.FileHeader, file io.Reader) error) error {
	header, err := c.FormFile(field)
	if errors.Is(err, fasthttp.ErrMissingFile) || errors.Is(err, fasthttp.ErrNoMultipartForm) {
		var f apperr.Fields
		f.Add(field, "Choose a file.")
		return f.Err()
	}
	if err != nil {
		return apperr.Wrap(err, apperr.InvalidInput, "The upload could not be read. Please send the file again.")
	}
	file, err := header.Open()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read
	// The time of the request may have gone by while a slow line brought the file.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.UserContext()), uploadTimeout)
	defer cancel()
	return take(ctx, header, file)
}
