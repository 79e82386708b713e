package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// KeepOnce keeps a value that one later request takes, at most life long, instead of
// what was kept under key before: what a person began that ends with their coming back from elsewhere. Whoever knows key can
// take the value, so key has to hold something that only their browser sends.
func (s *Store) KeepOnce(ctx context.Context, key string, value []byte, life time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, s.opt.Timeout)
	defer cancel()
	if err := s.redis.Set(ctx, onceKey(key), value, life).Err(); err != nil {
		return unavailable("keep a value", err)
	}
	return nil
}

// TakeOnce returns the value and forgets it in the same step. It returns ErrNotFound
// when there is none, was taken before or has run out. Of many who ask at the same
// time one gets it.
func (s *Store) TakeOnce(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opt.Timeout)
	defer cancel()
	value, err := s.redis.GetDel(ctx, onceKey(key)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, unavailable("take a value", err)
	}
	return value, nil
}

// onceKey keeps what a reader of Redis could use out of it.
func onceKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "once:" + hex.EncodeToString(sum[:])
}
