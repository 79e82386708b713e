package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/blob"
)

const (
	// smokeTenants is for how many tenants a copy is asked.
	smokeTenants = 2
	// sampledFiles is how many of a backup's files are read whole.
	sampledFiles = 20
)

// smoke asks the copy as payaid_app: without a tenant no guarded row may be
// visible, and each of some tenants must see all of its own rows and no other.
func smoke(ctx context.Context, sc *scratch) error {
	tables, err := db.GuardedTables()
	if err != nil {
		return err
	}
	owner, err := connect(ctx, sc.owner)
	if err != nil {
		return err
	}
	defer func() { _ = owner.Close(ctx) }()
	rows, err := owner.Query(ctx, "SELECT id FROM public.tenants ORDER BY created_at, id LIMIT $1", smokeTenants)
	if err != nil {
		return fmt.Errorf("list tenants of the copy: %w", err)
	}
	tenants, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("list tenants of the copy: %w", err)
	}
	app, err := db.Open(ctx, sc.app, db.Options{MaxConns: 1})
	if err != nil {
		return fmt.Errorf("ask the copy as the application: %w", err)
	}
	defer app.Close()
	for _, table := range tables {
		for _, tenant := range append(tenants, uuid.Nil) {
			if err := smokeTable(ctx, owner, app, table, tenant); err != nil {
				return err
			}
		}
	}
	return nil
}

func smokeTable(ctx context.Context, owner *pgx.Conn, app *db.DB, table string, tenant uuid.UUID) error {
	name := pgx.Identifier{"public", table}.Sanitize()
	var want, got int64
	if err := owner.QueryRow(ctx, "SELECT count(*) FROM "+name+" WHERE tenant_id = $1", tenant).Scan(&want); err != nil {
		return fmt.Errorf("count %s of the copy: %w", table, err)
	}
	ask := func(tx pgx.Tx, _ *db.Queries) error {
		return tx.QueryRow(ctx, "SELECT count(*) FROM "+name).Scan(&got)
	}
	var err error
	if tenant == uuid.Nil {
		err = app.InTx(ctx, ask)
	} else {
		err = app.InTenantTx(ctx, tenant, ask)
	}
	if err != nil {
		return fmt.Errorf("ask the copy for %s as the application: %w", table, err)
	}
	if got != want {
		return fmt.Errorf("the application sees %d rows of %s in the copy for tenant %s, there are %d", got, table, tenant, want)
	}
	return nil
}

// checkObjects looks whether every file that the backup refers to is still in the
// object store as it was, and reads some of them whole.
func (s *Service) checkObjects(ctx context.Context, b Backup, keys []age.Identity) error {
	return s.retrieve(ctx, b.ID, listName, b.Objects, keys, func(r io.Reader) error {
		dec := json.NewDecoder(r)
		every := max(1, b.Files.Count/sampledFiles)
		for n := int64(0); ; n++ {
			var o object
			if err := dec.Decode(&o); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return fmt.Errorf("read the list of files: %w", err)
			}
			if err := s.checkObject(ctx, o, n%every == 0); err != nil {
				return err
			}
		}
	})
}

func (s *Service) checkObject(ctx context.Context, o object, read bool) error {
	if o.Size == nil {
		return nil // it was missing already; the backup has a warning
	}
	info, err := s.o.Objects.Stat(ctx, o.Key)
	if errors.Is(err, blob.ErrNotFound) {
		return fmt.Errorf("the file %s, which the backup refers to, is gone from the object store", o.Key)
	}
	if err != nil {
		return fmt.Errorf("ask the object store for %s: %w", o.Key, err)
	}
	if info.Size != *o.Size {
		return fmt.Errorf("the file %s has %d bytes in the object store, it had %d", o.Key, info.Size, *o.Size)
	}
	if !read {
		return nil
	}
	return s.readObject(ctx, o)
}
