package backup

import (
	"context"
	"fmt"
)

// otherCollation tells that the server of the copy sorts text by another version of
// its collation than the one that was dumped; "" where it does not. A dump holds no
// indexes, only how to build them, so that those of the copy are right: none of them
// needs a REINDEX, as they would had the files been copied.
func otherCollation(ctx context.Context, sc *scratch, m Manifest) (string, error) {
	var version string
	if err := sc.admin.QueryRow(ctx, "SELECT coalesce(datcollversion, '') FROM pg_database WHERE datname = $1", sc.name).Scan(&version); err != nil {
		return "", fmt.Errorf("look at the collation of the copy: %w", err)
	}
	if version == m.Snapshot.Collation {
		return "", nil
	}
	return fmt.Sprintf("text is sorted by version %q of the collation %s here and was by version %q where the backup was made: lists may have another order; every index of the copy was built anew, so none needs a REINDEX",
		version, m.Snapshot.Collate, m.Snapshot.Collation), nil
}
