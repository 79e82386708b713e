package backup

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// deskConns is how many connections to the operations database a Desk opens.
const deskConns = 4

// Desk is the backups as a process sees them that can make none: it lists them,
// takes requests for the processes that can, and follows what these do. It works as
// payaid_app. Whoever uses it makes sure that the person may.
type Desk struct {
	s    *Service
	pool *pgxpool.Pool

	mu     sync.Mutex
	health Health
	seen   time.Time // when health was looked at; zero for never
}

// OpenDesk returns a Desk of the Service's installation. It talks to nobody yet;
// Close ends it.
func (s *Service) OpenDesk() (*Desk, error) {
	name, err := databaseName(s.o.AppURL)
	if err != nil {
		return nil, err
	}
	url, err := withDatabase(s.o.AppURL, opsName(name))
	if err != nil {
		return nil, err
	}
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("address of the database: %w", err)
	}
	cfg.MinConns, cfg.MaxConns, cfg.MaxConnIdleTime = 0, deskConns, time.Minute
	cfg.ConnConfig.RuntimeParams["search_path"] = "public"
	cfg.ConnConfig.RuntimeParams["statement_timeout"] = "10s"
	cfg.ConnConfig.RuntimeParams["application_name"] = "payaid-backup-desk"
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, fmt.Errorf("open the history of the backups: %w", err)
	}
	return &Desk{s: s, pool: pool}, nil
}

// Close closes the connections.
func (d *Desk) Close() { d.pool.Close() }

// NoHistory reports whether err says that the operations database is missing, or of
// an older version than this program.
func NoHistory(err error) bool {
	return hasCode(err, codeNoDatabase, codeNoTable, codeNoColumn, codeNoPrivilege)
}

// List returns every backup, newest first.
func (d *Desk) List(ctx context.Context) ([]Backup, error) { return d.s.List(ctx) }

// Get returns one backup, ErrNotFound or ErrForged.
func (d *Desk) Get(ctx context.Context, id uuid.UUID) (Backup, error) { return d.s.Get(ctx, id) }

// SetPinned is that of Service.
func (d *Desk) SetPinned(ctx context.Context, id uuid.UUID, pinned bool, by string) error {
	return d.s.SetPinned(ctx, id, pinned, by)
}

// Ask keeps a request for a worker and returns the id that its job will have. It
// returns ErrOpen when the same verb is asked for already, ErrNotFound or ErrForged
// for a backup that cannot be worked on, ErrWrongKey for a key that does not open it.
func (d *Desk) Ask(ctx context.Context, r Request) (uuid.UUID, error) {
	r.ID = uuid.Must(uuid.NewV7())
	var sealed []byte
	switch r.Verb {
	case VerbVerify, VerbDrill, VerbRestore, VerbPlanTenant, VerbRestoreTenant:
		b, err := d.asked(ctx, r)
		if err != nil {
			return uuid.Nil, err
		}
		if r.Identity == "" || r.Verb == VerbVerify {
			break
		}
		if sealed, err = d.sealIdentity(r, b); err != nil {
			return uuid.Nil, err
		}
	case VerbRestoreTo:
		b, err := d.s.reachable(ctx, r.To)
		if err != nil {
			return uuid.Nil, err
		}
		if r.Identity == "" {
			break
		}
		if sealed, err = d.sealIdentity(r, b); err != nil {
			return uuid.Nil, err
		}
	case VerbDelete: // also what cannot be trusted can be deleted
		if _, err := d.s.Get(ctx, r.Backup); err != nil && !errors.Is(err, ErrForged) {
			return uuid.Nil, err
		}
	}
	return r.ID, insertRequest(ctx, d.pool, r, sealed, d.s.now())
}

// sealIdentity hides the private key of a request from who reads the database, if it
// opens b.
func (d *Desk) sealIdentity(r Request, b Backup) ([]byte, error) {
	if err := checkIdentity(r.Identity, b); err != nil {
		return nil, err
	}
	box, err := identityBox(d.s.o.SecretKey)
	if err != nil {
		return nil, err
	}
	return box.Seal([]byte(r.Identity), r.ID[:]), nil
}

// Stop ends a request that waits, or asks a running job to stop; by is the name of
// who wants it. It returns ErrNotFound or ErrEnded.
func (d *Desk) Stop(ctx context.Context, id uuid.UUID, by string) error {
	tag, err := d.pool.Exec(ctx, "UPDATE request SET state = 'cancelled', problem = 'stopped by ' || $2::text, identity = NULL, finished_at = $3 WHERE id = $1 AND state = 'queued'", id, by, d.s.now())
	if err == nil && tag.RowsAffected() == 0 {
		tag, err = d.pool.Exec(ctx, "UPDATE job SET stopped_by = $2 WHERE id = $1 AND state = 'running'", id, by)
	}
	if err != nil {
		return fmt.Errorf("stop the job: %w", err)
	}
	if tag.RowsAffected() > 0 {
		return nil
	}
	if _, err := d.Job(ctx, id); err != nil {
		return err
	}
	return ErrEnded
}

// Settings returns the settings that hold now, those of the environment, and who
// chose others in their place; nil when nobody did.
func (d *Desk) Settings(ctx context.Context) (now, environment Settings, chosen *Chosen, err error) {
	environment = Settings{Schedule: d.s.o.Schedule, RetentionDays: d.s.o.RetentionDays}
	now, chosen, err = d.s.settings(ctx, d.pool)
	return now, environment, chosen, err
}

// Choose puts settings in place of the environment's. by is the name of who does.
func (d *Desk) Choose(ctx context.Context, to Settings, by string) error {
	return d.inTx(ctx, func(tx pgx.Tx) error {
		for name, value := range map[string]string{settingSchedule: to.Schedule.String(), settingRetention: strconv.Itoa(to.RetentionDays)} {
			_, err := tx.Exec(ctx, `INSERT INTO setting (name, value, set_by, set_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (name) DO UPDATE SET value = $2, set_by = $3, set_at = $4`, name, value, by, d.s.now())
			if err != nil {
				return fmt.Errorf("keep the settings of the backups: %w", err)
			}
		}
		return nil
	})
}

// Unchoose lets the environment's settings hold again.
func (d *Desk) Unchoose(ctx context.Context) error {
	_, err := d.pool.Exec(ctx, "DELETE FROM setting WHERE name IN ($1, $2)", settingSchedule, settingRetention)
	if err != nil {
		return fmt.Errorf("forget the settings of the backups: %w", err)
	}
	return nil
}

// Window tells which moments can be restored; nil where the write-ahead log is not
// archived.
func (d *Desk) Window(ctx context.Context) (*Window, error) {
	if d.s.o.WAL.Store == nil {
		return nil, nil
	}
	w, err := d.s.Window(ctx)
	return &w, err
}

// Zone is that of the installation, in which people name moments.
func (d *Desk) Zone(ctx context.Context) (*time.Location, error) {
	now, _, err := d.s.settings(ctx, d.pool)
	if err != nil {
		return nil, err
	}
	own := *d.s
	own.o.Schedule = now.Schedule
	return own.zone(), nil
}

// Recipients are the public keys that open new backups, as far as this process
// knows them.
func (d *Desk) Recipients() []string {
	if len(d.s.o.Recipients) > 0 {
		return d.s.o.Recipients
	}
	return d.s.madeKeys()
}

func (d *Desk) inTx(ctx context.Context, fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, d.pool, fn)
}
