package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// VacuumAnalyze tidies tables after much was written to them and tells the planner
// what they hold. Only their owner may do it: ownerURL connects as that role.
func VacuumAnalyze(ctx context.Context, ownerURL string, tables ...string) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("connect as the owner of the tables: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, t := range tables {
		if _, err := conn.Exec(ctx, "VACUUM (ANALYZE) "+pgx.Identifier{t}.Sanitize()); err != nil {
			return fmt.Errorf("vacuum %s: %w", t, err)
		}
	}
	return nil
}
