// Command bench measures PayAid against the raw limits of the same machine in
// the same run, so that its figures are ratios and mean something on any
// machine. docs/performance.md says what each one means.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/cache"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/localstack"
)

const (
	contacts = 100_000
	rounds   = 7
	perRound = 150
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run makes a database of its own on an embedded server, measures and removes
// everything.
func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "payaid-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	stack, err := localstack.Start(ctx, localstack.Options{DataDir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Close()) }()
	const name = "bench"
	if err := db.EnsureDatabase(ctx, stack.SuperuserURL(), name); err != nil {
		return err
	}
	m, err := db.OpenMigrator(ctx, stack.DatabaseURL(db.RoleOwner, name))
	if err != nil {
		return err
	}
	if _, err := m.Up(ctx); err != nil {
		return err
	}
	if err := m.Close(); err != nil {
		return err
	}
	owner, err := pgxpool.New(ctx, stack.DatabaseURL(db.RoleOwner, name))
	if err != nil {
		return err
	}
	defer owner.Close()
	app, err := db.Open(ctx, stack.DatabaseURL(db.RoleApp, name), db.Options{})
	if err != nil {
		return err
	}
	defer app.Close()
	kept, err := cache.New(cache.Options{URL: stack.RedisURL(1), DB: app, Log: slog.New(slog.DiscardHandler), Deadline: 100 * time.Millisecond})
	if err != nil {
		return err
	}
	kept.Start(ctx)
	defer func() { err = errors.Join(err, kept.Close()) }()
	b, err := prepare(ctx, owner, app, kept, dir)
	if err != nil {
		return err
	}
	return b.report(ctx)
}

// bench is what the measurements run on.
type bench struct {
	owner  *pgxpool.Pool // past row level security: the raw limit
	app    *db.DB
	crm    *crm.Service // without a cache
	kept   *crm.Service // with one
	cache  *cache.Cache
	who    auth.Principal
	sample uuid.UUID
	deep   string // cursor of the last page by name
}

func prepare(ctx context.Context, owner *pgxpool.Pool, app *db.DB, kept *cache.Cache, dir string) (*bench, error) {
	blobs, err := blob.NewDir(dir + "/objects")
	if err != nil {
		return nil, err
	}
	write := &change.Writer{DB: app, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	people, err := auth.New(ctx, write)
	if err != nil {
		return nil, err
	}
	marking := *write
	marking.Tags = kept
	b := &bench{owner: owner, app: app, crm: crm.New(write, blobs, people), kept: crm.New(&marking, blobs, people), cache: kept}
	b.kept.UseCache(kept)
	tenant := uuid.Must(uuid.NewV7())
	b.who = auth.Principal{TenantID: tenant, KeyID: uuid.Must(uuid.NewV7()), Name: "bench", Role: auth.Admin}
	if _, err := owner.Exec(ctx, `INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, 'bench', 'Bench', now(), now())`, tenant); err != nil {
		return nil, err
	}
	if _, err := owner.Exec(ctx, `INSERT INTO contacts (tenant_id, id, first_name, last_name, email, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'First' || (i * 7919 % 100003), 'Last' || i, 'p' || i || '@example.in', now() - i * interval '1 second', now() - i * interval '1 second'
		FROM generate_series(1, $2) i`, tenant, contacts); err != nil {
		return nil, err
	}
	if _, err := owner.Exec(ctx, "VACUUM ANALYZE contacts"); err != nil {
		return nil, err
	}
	return b, owner.QueryRow(ctx, "SELECT id FROM contacts WHERE email = 'p500@example.in'").Scan(&b.sample)
}

// figure pairs what PayAid does with the raw limit it is measured against.
type figure struct {
	name      string
	raw, ours func(ctx context.Context) error
}

func (b *bench) report(ctx context.Context) error {
	if err := b.findLastPage(ctx); err != nil {
		return err
	}
	if err := b.warm(ctx); err != nil {
		return err
	}
	fmt.Printf("%d contacts, medians of %d interleaved rounds\n%-52s %10s %10s %7s\n", contacts, rounds, "figure", "raw", "ours", "ratio")
	for _, f := range b.figures() {
		raw, ours, err := pair(ctx, f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		fmt.Printf("%-52s %10s %10s %7.2f\n", f.name, raw.Round(time.Microsecond), ours.Round(time.Microsecond), float64(ours)/float64(raw))
	}
	return nil
}

// pair measures both sides in turn, so that a busy moment hits both.
func pair(ctx context.Context, f figure) (raw, ours time.Duration, err error) {
	var raws, all []time.Duration
	for range rounds {
		r, err := times(ctx, f.raw)
		if err != nil {
			return 0, 0, err
		}
		o, err := times(ctx, f.ours)
		if err != nil {
			return 0, 0, err
		}
		raws, all = append(raws, r), append(all, o)
	}
	return median(raws), median(all), nil
}

func times(ctx context.Context, fn func(ctx context.Context) error) (time.Duration, error) {
	start := time.Now()
	for range perRound {
		if err := fn(ctx); err != nil {
			return 0, err
		}
	}
	return time.Since(start) / perRound, nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
