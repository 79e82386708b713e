package change

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"payaid/db"
	"payaid/internal/apperr"
)

// KeyLife is how long an idempotency key replays its first answer.
const KeyLife = 24 * time.Hour

// maxKeyLength bounds what a caller may make us store.
const maxKeyLength = 255

// replay takes the actor's idempotency key. It reports true and fills result when
// the same write was done before.
func (t *Tx) replay(ctx context.Context, action string, input, result any) (bool, error) {
	if t.Actor.IdempotencyKey == "" {
		return false, nil
	}
	if len(t.Actor.IdempotencyKey) > maxKeyLength {
		return false, keyError("An idempotency key has at most 255 characters.")
	}
	if strings.ContainsFunc(t.Actor.IdempotencyKey, func(r rune) bool { return r < ' ' || r > '~' }) {
		return false, keyError("An idempotency key is made of plain letters, digits and signs.")
	}
	print, err := fingerprint(action, input)
	if err != nil {
		return false, err
	}
	row, err := t.Q.ReserveIdempotencyKey(ctx, db.ReserveIdempotencyKeyParams{
		TenantID: t.Actor.TenantID, ActorID: t.Actor.ID, Key: t.Actor.IdempotencyKey,
		Fingerprint: print, Now: t.Now, ExpiredBefore: t.Now.Add(-KeyLife),
	})
	if err != nil {
		return false, fmt.Errorf("reserve the idempotency key: %w", err)
	}
	if row.Result == nil {
		return false, nil
	}
	if !bytes.Equal(row.Fingerprint, print) {
		return false, keyError("This idempotency key was used for a different request.")
	}
	if err := json.Unmarshal(row.Result, result); err != nil {
		return false, fmt.Errorf("read the kept result: %w", err)
	}
	return true, nil
}

// keepResult stores the answer next to the key, in the transaction of the write.
func (t *Tx) keepResult(ctx context.Context, result any) error {
	if t.Actor.IdempotencyKey == "" {
		return nil
	}
	b, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("keep the result: %w", err)
	}
	err = t.Q.SetIdempotencyResult(ctx, db.SetIdempotencyResultParams{
		TenantID: t.Actor.TenantID, ActorID: t.Actor.ID, Key: t.Actor.IdempotencyKey, Result: b,
	})
	if err != nil {
		return fmt.Errorf("keep the result: %w", err)
	}
	return nil
}

func fingerprint(action string, input any) ([]byte, error) {
	b, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("fingerprint of %s: %w", action, err)
	}
	sum := sha256.Sum256(append([]byte(action+"\n"), b...))
	return sum[:], nil
}

func keyError(message string) error {
	return &apperr.Error{Code: apperr.Validation, Message: message, Details: []apperr.Detail{{Field: "Idempotency-Key", Message: message}}}
}

// PurgeArgs is the periodic job that deletes idempotency keys past their life.
type PurgeArgs struct{}

// Kind names the job.
func (PurgeArgs) Kind() string { return "idempotency.purge" }

// purgeBatch is how many keys one sweep of the database deletes at most.
const purgeBatch = 10_000

// RunPurge works PurgeArgs.
func (w *Writer) RunPurge(ctx context.Context, _ PurgeArgs, _ bool) error {
	for {
		n, err := w.DB.Global().PurgeIdempotencyKeys(ctx, w.Now().Add(-KeyLife))
		if err != nil {
			return fmt.Errorf("purge idempotency keys: %w", err)
		}
		if n < purgeBatch {
			return nil
		}
	}
}
