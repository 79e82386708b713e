package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// The three roles of PayAid. Nothing runs as a superuser.
const (
	RoleOwner  = "payaid_owner"  // owns the schema, BYPASSRLS: migrations and restore only
	RoleApp    = "payaid_app"    // everything else; bound by row level security
	RoleBackup = "payaid_backup" // reads everything: backup only
)

// FORCE ROW LEVEL SECURITY binds owners too, so that a migration's UPDATE would
// silently reach no row: hence BYPASSRLS for the owner.
var roleAttributes = map[string]string{
	RoleOwner:  "LOGIN NOSUPERUSER CREATEDB BYPASSRLS",
	RoleApp:    "LOGIN NOSUPERUSER NOCREATEDB NOBYPASSRLS",
	RoleBackup: "LOGIN NOSUPERUSER NOCREATEDB BYPASSRLS",
}

// A restore swaps databases, for which nobody else may be connected to them.
var roleMemberships = map[string]string{RoleBackup: "pg_read_all_data", RoleOwner: "pg_signal_backend"}

// EnsureDatabase makes the roles and the database name on a server of our own
// (the embedded default, tests), as its superuser. It may run any number of
// times, also at the same time.
func EnsureDatabase(ctx context.Context, superuserURL, name string) error {
	conn, err := pgx.Connect(ctx, superuserURL)
	if err != nil {
		return fmt.Errorf("connect as superuser: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	// CREATE ROLE and CREATE DATABASE know no IF NOT EXISTS.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext('payaid.ensure_database'))"); err != nil {
		return fmt.Errorf("lock role creation: %w", err)
	}
	for _, role := range []string{RoleOwner, RoleApp, RoleBackup} {
		if err := ensureRole(ctx, conn, role); err != nil {
			return err
		}
	}
	for role, right := range roleMemberships {
		if _, err := conn.Exec(ctx, "GRANT "+right+" TO "+role); err != nil {
			return fmt.Errorf("grant to %s: %w", role, err)
		}
	}
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
		return fmt.Errorf("look for database %s: %w", name, err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" OWNER "+RoleOwner); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

func ensureRole(ctx context.Context, conn *pgx.Conn, role string) error {
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role).Scan(&exists); err != nil {
		return fmt.Errorf("look for role %s: %w", role, err)
	}
	verb := "CREATE ROLE "
	if exists {
		verb = "ALTER ROLE "
	}
	if _, err := conn.Exec(ctx, verb+role+" "+roleAttributes[role]); err != nil {
		return fmt.Errorf("make role %s: %w", role, err)
	}
	return nil
}
