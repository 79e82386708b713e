package blob

import (
	"context"
	"fmt"
	"io"
)

// ReadAll returns the bytes of a small object, or ErrNotFound.
func ReadAll(ctx context.Context, store Store, key string) ([]byte, error) {
	r, info, err := store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(r, maxSmall+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSmall {
		return nil, fmt.Errorf("%s has %d bytes: too many to hold at once", key, info.Size)
	}
	return data, nil
}

// maxSmall bounds what ReadAll holds in memory.
const maxSmall = 16 << 20
