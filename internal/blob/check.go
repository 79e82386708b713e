package blob

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// check writes and removes a small object under a key of its own.
func check(ctx context.Context, store Store) error {
	key := "check/" + rand.Text()
	if _, err := store.Put(ctx, key, strings.NewReader("ok"), 2, "text/plain"); err != nil {
		return fmt.Errorf("check the object store: %w", err)
	}
	if err := store.Delete(ctx, key); err != nil {
		return fmt.Errorf("check the object store: %w", err)
	}
	return nil
}
