package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/blob"
)

// rowSlice is how many rows are fetched at a time.
const rowSlice = 500

// tenantIdentity is what is known of a tenant before its rows are looked at.
type tenantIdentity struct {
	ID         uuid.UUID
	Slug, Name string
}

// ExportTenant keeps all rows and files of one tenant, as of one moment, in one
// encrypted archive beside the backups. It returns ErrNotFound when no tenant has
// this short name.
func (s *Service) ExportTenant(ctx context.Context, slug string) (TenantArchive, error) {
	j, err := s.begin(ctx, "export tenant", "")
	if err != nil {
		return TenantArchive{}, err
	}
	ctx, release := j.heed(ctx)
	defer release()
	a, err := s.exportLive(ctx, j, slug, Export)
	err = ended(ctx, err)
	j.end(ctx, a.ID, err)
	return a, err
}

// exportLive exports a tenant of the running system. Only an export for people has
// the files, too: a restore deletes none.
func (s *Service) exportLive(ctx context.Context, j *job, slug string, kind ArchiveKind) (TenantArchive, error) {
	conn, err := connect(ctx, s.o.BackupURL)
	if err != nil {
		return TenantArchive{}, err
	}
	defer func() { _ = conn.Close(ctx) }()
	a := TenantArchive{Kind: kind, WithFiles: kind == Export}
	return s.archive(ctx, j, conn, slug, a)
}

// archive stores the rows that conn has of a tenant.
func (s *Service) archive(ctx context.Context, j *job, conn *pgx.Conn, slug string, a TenantArchive) (_ TenantArchive, err error) {
	to, names, err := s.recipientsAnd(a.Recipients)
	if err != nil {
		return TenantArchive{}, err
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return TenantArchive{}, fmt.Errorf("begin the snapshot: %w", err)
	}
	who, err := findTenant(ctx, tx, slug)
	if err != nil {
		return TenantArchive{}, err
	}
	a.Format, a.ID, a.TenantID, a.Slug, a.Name = tenantFormat, uuid.Must(uuid.NewV7()), who.ID, who.Slug, who.Name
	a.AppVersion, a.Recipients = s.o.Version, names
	if a.Schema, err = schemaVersion(ctx, tx); err != nil {
		return TenantArchive{}, err
	}
	if a.At.IsZero() {
		a.At = s.now()
	}
	defer func() {
		if err != nil {
			s.discardArchive(ctx, a.ID)
		}
	}()
	a.Part, _, err = s.store(ctx, a.ID, tenantName, to, func(ctx context.Context, w io.Writer) error {
		return s.writeArchive(ctx, tx, w, &a)
	})
	if err != nil {
		return TenantArchive{}, err
	}
	if err := s.verifyPart(ctx, a.ID, tenantName, a.Part); err != nil {
		return TenantArchive{}, err
	}
	if err := j.say(ctx, "exported %d rows and %d files of %s as of %s, and read them back: %s", a.Rows(), a.Files.Rows, a.Name, a.At.Format(time.RFC3339), a.ID); err != nil {
		return TenantArchive{}, err
	}
	return a, s.write(ctx, a.ID, tenantManifestName, a)
}

// recipientsAnd are those of new backups, and others: what is taken out of a backup
// can be opened with its key, also when new ones are made for other keys by now.
func (s *Service) recipientsAnd(others []string) ([]age.Recipient, []string, error) {
	to, names, err := s.recipients()
	names = slices.Clone(names)
	for _, name := range others {
		if err != nil || slices.Contains(names, name) {
			continue
		}
		var r age.Recipient
		r, err = age.ParseX25519Recipient(name)
		to, names = append(to, r), append(names, name)
	}
	return to, names, err
}

func findTenant(ctx context.Context, q querier, slug string) (tenantIdentity, error) {
	var t tenantIdentity
	err := q.QueryRow(ctx, "SELECT id, slug, name FROM public.tenants WHERE slug = $1", slug).Scan(&t.ID, &t.Slug, &t.Name)
	if errors.Is(err, pgx.ErrNoRows) {
		return t, fmt.Errorf("%w: no business has the short name %.80q; `payaid tenant list` shows them", ErrNotFound, slug)
	}
	if err != nil {
		return t, fmt.Errorf("look for the business: %w", err)
	}
	return t, nil
}

// writeArchive writes the archive of a and fills in what it found.
func (s *Service) writeArchive(ctx context.Context, tx pgx.Tx, w io.Writer, a *TenantArchive) error {
	tables, err := readTenantTables(ctx, tx)
	if err != nil {
		return err
	}
	out := newArchiveWriter(w, a.At)
	a.Order, a.Tables = nil, map[string]Table{}
	write := func(name, query string) error {
		rows, err := openRows(ctx, tx, query)
		if err != nil {
			return err
		}
		a.Order = append(a.Order, name)
		a.Tables[name], err = out.table(name, rows.next)
		return err
	}
	if err := write("users", membersQuery(a.TenantID)); err != nil {
		return err
	}
	for _, t := range tables {
		if err := write(t.name, t.rows(a.TenantID.String())); err != nil {
			return err
		}
	}
	// The rows are read: no snapshot is held while files are.
	if err := tx.Rollback(ctx); err != nil {
		return fmt.Errorf("end the snapshot: %w", err)
	}
	if a.WithFiles {
		if err := s.writeFiles(ctx, out, a); err != nil {
			return err
		}
	}
	a.Files.Digest = hex.EncodeToString(out.files.Sum(nil))
	sealed, err := s.signer.seal(a.ID, tenantManifestName, a)
	if err != nil {
		return err
	}
	if err := out.put(tenantManifestName, int64(len(sealed)), strings.NewReader(string(sealed))); err != nil {
		return err
	}
	return out.tar.Close()
}

// membersQuery selects of the people who belong to a tenant what identifies them:
// they may belong to others, and nobody's password is the tenant's.
func membersQuery(tenant uuid.UUID) string {
	return `SELECT ARRAY[u.id::text], jsonb_build_object('id', u.id, 'email', u.email, 'name', u.name)::text
		FROM public.users u JOIN public.memberships m ON m.user_id = u.id WHERE m.tenant_id = ` + literal(tenant.String()) + ` ORDER BY u.id::text COLLATE "C"`
}

// writeFiles adds everything that the object store has of the tenant. What the
// snapshot refers to was there before the rows, so that nothing of it is missed.
func (s *Service) writeFiles(ctx context.Context, out *archiveWriter, a *TenantArchive) error {
	return s.o.Objects.List(ctx, filesOf(a.TenantID), func(info blob.Info) error {
		r, got, err := s.o.Objects.Get(ctx, info.Key)
		if errors.Is(err, blob.ErrNotFound) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return fmt.Errorf("read the file %s: %w", info.Key, err)
		}
		defer func() { _ = r.Close() }() // only read
		if err := out.file(info.Key, got.Size, r); err != nil {
			return fmt.Errorf("export the file %s: %w", info.Key, err)
		}
		a.Files.Rows++
		return nil
	})
}

// filesOf is how the keys of a tenant's files begin.
func filesOf(tenant uuid.UUID) string { return "t/" + tenant.String() + "/" }

func (s *Service) discardArchive(ctx context.Context, id uuid.UUID) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := s.forgetArchive(ctx, id); err != nil {
		s.o.Log.WarnContext(ctx, "the rest of a failed export was not removed", "export", id, "err", err)
	}
}

// rowsCursor reads the rows of one query some at a time, while its transaction may
// do other things.
type rowsCursor struct {
	ctx  context.Context
	tx   pgx.Tx
	rest []archiveRow
	done bool
}

const cursorName = "rows_of_one_tenant"

// openRows begins a query that gives a key and a row. A transaction has one such
// query at a time.
func openRows(ctx context.Context, tx pgx.Tx, query string) (*rowsCursor, error) {
	if _, err := tx.Exec(ctx, "DECLARE "+cursorName+" NO SCROLL CURSOR FOR "+query); err != nil {
		return nil, fmt.Errorf("read the rows of a business: %w", err)
	}
	return &rowsCursor{ctx: ctx, tx: tx}, nil
}

// next returns the next row; ok is false once there are no more, and the next query
// may begin.
func (c *rowsCursor) next() (r archiveRow, ok bool, err error) {
	if len(c.rest) == 0 && !c.done {
		if err := c.fetch(); err != nil {
			return r, false, fmt.Errorf("read the rows of a business: %w", err)
		}
	}
	if len(c.rest) == 0 {
		return r, false, nil
	}
	r, c.rest = c.rest[0], c.rest[1:]
	return r, true, nil
}

func (c *rowsCursor) fetch() error {
	rows, err := c.tx.Query(c.ctx, fmt.Sprintf("FETCH %d FROM %s", rowSlice, cursorName))
	if err != nil {
		return err
	}
	c.rest, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r archiveRow, err error) {
		var text string
		err = row.Scan(&r.Key, &text)
		r.Row = []byte(text)
		return r, err
	})
	if err != nil || len(c.rest) == rowSlice {
		return err
	}
	c.done = true
	_, err = c.tx.Exec(c.ctx, "CLOSE "+cursorName)
	return err
}
