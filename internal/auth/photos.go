package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/blob"
	"payaid/internal/change"
	"payaid/internal/picture"
)

const (
	// MaxPhotoSize is how large an uploaded photo may be, in bytes.
	MaxPhotoSize = 5 << 20
	// photoSide is how wide and high a kept photo is, in pixels.
	photoSide = 256
	// dropTimeout bounds the removal of a photo that nobody refers to.
	dropTimeout = 10 * time.Second
)

// Photos holds the use cases about the photos of people.
type Photos struct {
	db    *db.DB
	write *change.Writer
	blobs blob.Store
	maker *picture.Maker
	log   *slog.Logger
}

// NewPhotos returns Photos that keeps what m makes in blobs.
func NewPhotos(w *change.Writer, blobs blob.Store, m *picture.Maker) *Photos {
	return &Photos{db: w.DB, write: w, blobs: blobs, maker: m, log: w.Log}
}

// DropPhotoArgs is the job that removes a photo nobody refers to any more.
type DropPhotoArgs struct {
	UserID uuid.UUID `json:"userId"`
	SHA256 string    `json:"sha256"`
}

// Kind names the job.
func (DropPhotoArgs) Kind() string { return "auth.drop_photo" }

func (a DropPhotoArgs) key() string {
	return "u/" + a.UserID.String() + "/photo/" + a.SHA256 + ".jpg"
}

// SetPhoto makes the upload the photo of the person who asks. It answers
// Validation for the field photo.
func (s *Photos) SetPhoto(ctx context.Context, p Principal, upload io.Reader) error {
	if p.IsKey() {
		return errNoProfile()
	}
	made, err := s.maker.Square(ctx, upload, MaxPhotoSize, photoSide)
	if err != nil {
		return picture.Explain(err, "photo", MaxPhotoSize)
	}
	err = s.replace(ctx, p, &made)
	if err != nil {
		s.dropNow(ctx, DropPhotoArgs{p.UserID, made.SHA256})
	}
	return err
}

// RemovePhoto takes the photo of the person who asks away.
func (s *Photos) RemovePhoto(ctx context.Context, p Principal) error {
	if p.IsKey() {
		return errNoProfile()
	}
	return s.replace(ctx, p, nil)
}

// replace puts the new photo under the lock of the person's row: whoever drops an
// old one holds it too, and so never drops what is just being referred to again.
func (s *Photos) replace(ctx context.Context, p Principal, made *picture.Picture) error {
	var sha256 string
	if made != nil {
		sha256 = made.SHA256
	}
	_, err := change.Do(ctx, s.write, p.Actor(), actionProfile, sha256, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		before, err := lockProfile(ctx, tx.Q, p.UserID)
		if err != nil {
			return struct{}{}, err
		}
		after := before
		after.Photo = sha256
		if made != nil {
			key := DropPhotoArgs{p.UserID, sha256}.key()
			if _, err := s.blobs.Put(ctx, key, bytes.NewReader(made.Data), int64(len(made.Data)), made.ContentType); err != nil {
				return struct{}{}, fmt.Errorf("keep the photo: %w", err)
			}
		}
		if after == before {
			return struct{}{}, nil
		}
		if before.Photo != "" {
			if err := tx.Enqueue(ctx, DropPhotoArgs{p.UserID, before.Photo}); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, saveProfile(ctx, tx, p, before, after)
	})
	return err
}

// Photo returns the photo of somebody in the principal's tenant, or NotFound.
func (s *Photos) Photo(ctx context.Context, p Principal, user uuid.UUID, sha256 string) ([]byte, error) {
	gone := apperr.New(apperr.NotFound, "There is no such photo.")
	if sha256 == "" || !storable(sha256) {
		return nil, gone
	}
	n, err := s.db.Tenant(p.TenantID).CountMembersWithPhoto(ctx, db.CountMembersWithPhotoParams{TenantID: p.TenantID, UserID: user, Photo: sha256})
	if err != nil {
		return nil, fmt.Errorf("look for the photo: %w", err)
	}
	if n == 0 {
		return nil, gone
	}
	data, err := blob.ReadAll(ctx, s.blobs, DropPhotoArgs{user, sha256}.key())
	if errors.Is(err, blob.ErrNotFound) {
		return nil, apperr.Wrap(err, apperr.NotFound, "There is no such photo.")
	}
	return data, wrap(err, "read the photo")
}

// Drop works DropPhotoArgs. A photo that is referred to again stays.
func (s *Photos) Drop(ctx context.Context, args DropPhotoArgs) error {
	return s.db.InTx(ctx, func(_ pgx.Tx, q *db.Queries) error {
		now, err := lockProfile(ctx, q, args.UserID)
		if err != nil || now.Photo == args.SHA256 {
			return err
		}
		return wrap(s.blobs.Delete(ctx, args.key()), "drop the photo")
	})
}

// dropNow removes what was put for a write that failed.
func (s *Photos) dropNow(ctx context.Context, args DropPhotoArgs) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
	defer cancel()
	if err := s.Drop(ctx, args); err != nil {
		s.log.WarnContext(ctx, "photo left behind", "key", args.key(), "err", err)
	}
}
