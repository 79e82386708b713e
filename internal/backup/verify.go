package backup

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Verify reads every stored byte of a backup and compares it with the manifest.
// The result is kept beside the backup: one that is damaged is verified no more.
func (s *Service) Verify(ctx context.Context, id uuid.UUID) (Backup, error) {
	j, err := s.begin(ctx, "verify", "")
	if err != nil {
		return Backup{}, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	b, err := s.verify(ctx, j, id)
	err = ended(ctx, err)
	j.end(ctx, id, err)
	return b, err
}

func (s *Service) verify(ctx context.Context, j *job, id uuid.UUID) (Backup, error) {
	b, err := s.Get(ctx, id)
	if err != nil {
		return Backup{}, err
	}
	if err := j.say(ctx, "reading %d bytes", b.Bytes()); err != nil {
		return Backup{}, err
	}
	begun := s.now()
	err = s.verifyParts(ctx, b.Manifest)
	if err != nil && !errors.Is(err, ErrDamaged) {
		return Backup{}, err // the store did not answer: that says nothing about the backup
	}
	b.Verify = s.proof(begun, err)
	if werr := s.write(ctx, id, verifyName, b.Verify); err == nil {
		err = werr
	}
	return b, err
}

func (s *Service) proof(begun time.Time, err error) *Proof {
	now := s.now()
	p := &Proof{At: now, OK: err == nil, Took: now.Sub(begun)}
	if err != nil {
		p.Problem = err.Error()
	}
	return p
}
