package tenant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/change"
	"payaid/internal/picture"
)

const (
	// MaxLogoSize is how large an uploaded logo may be, in bytes.
	MaxLogoSize = 1 << 20
	// logoWidth and logoHeight bound a kept logo, in pixels.
	logoWidth, logoHeight = 512, 256
)

func logoKey(tenant uuid.UUID, sha256 string) string {
	return "t/" + tenant.String() + "/logo/" + sha256 + ".png"
}

// SetLogo makes the upload the logo of the principal's business. It answers
// Validation for the field logo.
func (s *Settings) SetLogo(ctx context.Context, p auth.Principal, upload io.Reader) error {
	if err := p.Require(auth.BusinessConfigure); err != nil {
		return err
	}
	made, err := s.maker.Fit(ctx, upload, MaxLogoSize, logoWidth, logoHeight)
	if err != nil {
		return picture.Explain(err, "logo", MaxLogoSize)
	}
	return s.replaceLogo(ctx, p, made)
}

// RemoveLogo takes the logo of the principal's business away.
func (s *Settings) RemoveLogo(ctx context.Context, p auth.Principal) error {
	if err := p.Require(auth.BusinessConfigure); err != nil {
		return err
	}
	return s.replaceLogo(ctx, p, picture.Picture{})
}

// replaceLogo puts the new logo. The one before stays in the object store until no
// kept backup refers to it.
func (s *Settings) replaceLogo(ctx context.Context, p auth.Principal, made picture.Picture) error {
	_, err := change.Do(ctx, s.write, p.Actor(), "tenant.set_logo", made.SHA256, func(ctx context.Context, tx *change.Tx) (Business, error) {
		before, err := lockBusiness(ctx, tx.Q, p.TenantID)
		if err != nil {
			return before, err
		}
		if made.SHA256 != "" {
			if err := tx.Q.HoldFiles(ctx); err != nil {
				return before, fmt.Errorf("hold the files: %w", err)
			}
			if _, err := s.blobs.Put(ctx, logoKey(p.TenantID, made.SHA256), bytes.NewReader(made.Data), int64(len(made.Data)), made.ContentType); err != nil {
				return before, fmt.Errorf("keep the logo: %w", err)
			}
		}
		if before.Logo == made.SHA256 {
			return before, nil
		}
		row, err := tx.Q.SetTenantLogo(ctx, db.SetTenantLogoParams{ID: p.TenantID, Logo: made.SHA256, Now: tx.Now})
		if err != nil {
			return before, fmt.Errorf("set the logo: %w", err)
		}
		return saved(ctx, tx, "tenant.set_logo", before, row)
	})
	return err
}

// Logo returns the logo of the principal's business, or NotFound where it is
// another one by now.
func (s *Settings) Logo(ctx context.Context, p auth.Principal, sha256 string) ([]byte, error) {
	if sha256 == "" || sha256 != p.Look.Logo {
		return nil, apperr.New(apperr.NotFound, "There is no such logo.")
	}
	data, err := blob.ReadAll(ctx, s.blobs, logoKey(p.TenantID, sha256))
	if errors.Is(err, blob.ErrNotFound) {
		return nil, apperr.Wrap(err, apperr.NotFound, "There is no such logo.")
	}
	if err != nil {
		return nil, fmt.Errorf("read the logo: %w", err)
	}
	return data, nil
}
