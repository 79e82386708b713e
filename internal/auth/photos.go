package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

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
)

// Photos holds the use cases about the photos of people.
type Photos struct {
	db    *db.DB
	write *change.Writer
	blobs blob.Store
	maker *picture.Maker
}

// NewPhotos returns Photos that keeps what m makes in blobs.
func NewPhotos(w *change.Writer, blobs blob.Store, m *picture.Maker) *Photos {
	return &Photos{db: w.DB, write: w, blobs: blobs, maker: m}
}

func photoKey(user uuid.UUID, sha256 string) string {
	return "u/" + user.String() + "/photo/" + sha256 + ".jpg"
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
	return s.replace(ctx, p, &made)
}

// RemovePhoto takes the photo of the person who asks away.
func (s *Photos) RemovePhoto(ctx context.Context, p Principal) error {
	if p.IsKey() {
		return errNoProfile()
	}
	return s.replace(ctx, p, nil)
}

// replace puts the new photo. The one before stays in the object store until no kept
// backup refers to it.
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
			if err := tx.Q.HoldFiles(ctx); err != nil {
				return struct{}{}, fmt.Errorf("hold the files: %w", err)
			}
			if _, err := s.blobs.Put(ctx, photoKey(p.UserID, sha256), bytes.NewReader(made.Data), int64(len(made.Data)), made.ContentType); err != nil {
				return struct{}{}, fmt.Errorf("keep the photo: %w", err)
			}
		}
		if after == before {
			return struct{}{}, nil
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
	data, err := blob.ReadAll(ctx, s.blobs, photoKey(user, sha256))
	if errors.Is(err, blob.ErrNotFound) {
		return nil, apperr.Wrap(err, apperr.NotFound, "There is no such photo.")
	}
	return data, wrap(err, "read the photo")
}
