package tenant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

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
	// dropTimeout bounds the removal of a logo that nobody refers to.
	dropTimeout = 10 * time.Second
)

// DropLogoArgs is the job that removes a logo nobody refers to any more.
type DropLogoArgs struct {
	TenantID uuid.UUID `json:"tenantId"`
	SHA256   string    `json:"sha256"`
}

// Kind names the job.
func (DropLogoArgs) Kind() string { return "tenant.drop_logo" }

func (a DropLogoArgs) key() string { return "t/" + a.TenantID.String() + "/logo/" + a.SHA256 + ".png" }

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
	if err := s.replaceLogo(ctx, p, made); err != nil {
		s.dropNow(ctx, DropLogoArgs{p.TenantID, made.SHA256})
		return err
	}
	return nil
}

// RemoveLogo takes the logo of the principal's business away.
func (s *Settings) RemoveLogo(ctx context.Context, p auth.Principal) error {
	if err := p.Require(auth.BusinessConfigure); err != nil {
		return err
	}
	return s.replaceLogo(ctx, p, picture.Picture{})
}

// replaceLogo puts the new logo under the lock of the tenant's row: whoever drops
// an old one holds it too, and so never drops what is just being referred to again.
func (s *Settings) replaceLogo(ctx context.Context, p auth.Principal, made picture.Picture) error {
	_, err := change.Do(ctx, s.write, p.Actor(), "tenant.set_logo", made.SHA256, func(ctx context.Context, tx *change.Tx) (Business, error) {
		before, err := lockBusiness(ctx, tx.Q, p.TenantID)
		if err != nil {
			return before, err
		}
		if made.SHA256 != "" {
			key := DropLogoArgs{p.TenantID, made.SHA256}.key()
			if _, err := s.blobs.Put(ctx, key, bytes.NewReader(made.Data), int64(len(made.Data)), made.ContentType); err != nil {
				return before, fmt.Errorf("keep the logo: %w", err)
			}
		}
		if before.Logo == made.SHA256 {
			return before, nil
		}
		if before.Logo != "" {
			if err := tx.Enqueue(ctx, DropLogoArgs{p.TenantID, before.Logo}); err != nil {
				return before, err
			}
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
	data, err := blob.ReadAll(ctx, s.blobs, DropLogoArgs{p.TenantID, sha256}.key())
	if errors.Is(err, blob.ErrNotFound) {
		return nil, apperr.Wrap(err, apperr.NotFound, "There is no such logo.")
	}
	if err != nil {
		return nil, fmt.Errorf("read the logo: %w", err)
	}
	return data, nil
}

// DropLogo works DropLogoArgs. A logo that is referred to again stays.
func (s *Settings) DropLogo(ctx context.Context, args DropLogoArgs) error {
	return s.db.InTx(ctx, func(_ pgx.Tx, q *db.Queries) error {
		now, err := lockBusiness(ctx, q, args.TenantID)
		if err != nil || now.Logo == args.SHA256 {
			return err
		}
		if err := s.blobs.Delete(ctx, args.key()); err != nil {
			return fmt.Errorf("drop the logo: %w", err)
		}
		return nil
	})
}

// dropNow removes what was put for a write that failed.
func (s *Settings) dropNow(ctx context.Context, args DropLogoArgs) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
	defer cancel()
	if err := s.DropLogo(ctx, args); err != nil {
		s.log.WarnContext(ctx, "logo left behind", "key", args.key(), "err", err)
	}
}
