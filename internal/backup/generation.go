package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"payaid/db"
)

const (
	// watchEvery is how often each process looks which database is live, and so how
	// late it may learn of a fence.
	watchEvery = 250 * time.Millisecond
	// watchCloselyEvery is the same once a restore has come so far that it will soon
	// hold writes.
	watchCloselyEvery = 25 * time.Millisecond
	// watchTimeout bounds one look.
	watchTimeout = 2 * time.Second
	// absentEvery is how often it looks where there is no operations database yet.
	absentEvery = 2 * time.Second
	// fenceLease is how long a fence stands that nobody renews, and how long a process
	// takes writes that cannot look.
	fenceLease = 10 * time.Second
)

const codeNoPrivilege = "42501"

// WatchOptions are what a Watcher works with.
type WatchOptions struct {
	AppURL     string         // of the application's database, as payaid_app
	Generation *db.Generation // is told what is seen
	Log        *slog.Logger
	Lease      time.Duration // how long writes go on without a look; 10 s when 0
	// Fenced is told, in order and from one goroutine, when writes begin and cease to
	// wait. It must not block.
	Fenced func(bool)
}

// Watcher tells the pools of this process which database is live and whether
// writes wait. Where there is no operations database, which `payaid migrate up`
// makes, nothing is restricted.
type Watcher struct {
	o          WatchOptions
	url, name  string
	conn       *pgx.Conn
	problem    atomic.Pointer[error] // of the last look; nil when it went well
	isFenced   bool
	isSaid     bool // the problem is in the log
	generation uint32
	stop       context.CancelFunc
	finished   sync.WaitGroup
}

// NewWatcher returns a Watcher that has not looked yet.
func NewWatcher(o WatchOptions) (*Watcher, error) {
	o.Lease = cmp.Or(o.Lease, fenceLease)
	if o.Fenced == nil {
		o.Fenced = func(bool) {}
	}
	name, err := databaseName(o.AppURL)
	if err != nil {
		return nil, err
	}
	url, err := withDatabase(o.AppURL, opsName(name))
	if err != nil {
		return nil, err
	}
	return &Watcher{o: o, url: url, name: name, stop: func() {}}, nil
}

// Start looks once and then goes on until Close.
func (w *Watcher) Start(ctx context.Context) {
	ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	pause := w.look(ctx)
	w.finished.Go(func() {
		for {
			t := time.NewTimer(pause)
			select {
			case <-ctx.Done():
			case <-w.o.Generation.Wanted():
			case <-t.C:
			}
			t.Stop()
			if ctx.Err() != nil {
				return
			}
			pause = w.look(ctx)
		}
	})
}

// Close ends what Start began.
func (w *Watcher) Close() {
	w.stop()
	w.finished.Wait()
	if w.conn != nil {
		_ = w.conn.Close(context.Background()) // only read
	}
}

// Check returns why this process does not know which database is live, or nil.
func (w *Watcher) Check(context.Context) error {
	if err := w.problem.Load(); err != nil {
		return *err
	}
	return nil
}

// look reads the row and announces it. It returns when to look again.
func (w *Watcher) look(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	asked := time.Now()
	live, closely, err := w.read(ctx)
	switch {
	case err == nil:
		w.problem.Store(nil)
		w.isSaid = false
		live.TrustedUntil = asked.Add(w.o.Lease)
		w.announce(ctx, live)
		if closely {
			return watchCloselyEvery
		}
		return watchEvery
	case hasCode(err, codeNoDatabase, codeNoTable, codeNoPrivilege): // never migrated, or by an older version
		w.problem.Store(nil)
		w.announce(ctx, db.Live{})
		return absentEvery
	}
	w.problem.Store(&err)
	if !w.isSaid && !errors.Is(err, context.Canceled) {
		w.o.Log.WarnContext(ctx, "it cannot be seen whether a restore is under way; writes are refused unless that changes soon", "after", w.o.Lease, "err", err)
	}
	w.isSaid = true
	return watchEvery
}

func (w *Watcher) announce(ctx context.Context, live db.Live) {
	if w.generation != 0 && live.Database != w.generation {
		w.o.Log.WarnContext(ctx, "another database is live now: a backup was restored or a restore rolled back")
	}
	w.generation = live.Database
	w.o.Generation.Announce(live)
	if fenced := time.Now().Before(live.FencedUntil); fenced != w.isFenced {
		w.isFenced = fenced
		if fenced {
			w.o.Log.WarnContext(ctx, "a restore is about to change the database: writes and jobs wait")
		} else {
			w.o.Log.InfoContext(ctx, "writes and jobs go on")
		}
		w.o.Fenced(fenced)
	}
}

// read asks for the fence, whether one is to be expected, and for what is now
// called as the live database is.
func (w *Watcher) read(ctx context.Context) (live db.Live, closely bool, err error) {
	if w.conn == nil || w.conn.IsClosed() {
		if w.conn, err = pgx.Connect(ctx, w.url); err != nil {
			return live, false, fmt.Errorf("look which database is live: %w", err)
		}
	}
	var left float64
	err = w.conn.QueryRow(ctx, `
		SELECT coalesce(extract(epoch FROM g.fenced_until - clock_timestamp()), 0)::float8, g.restore_id IS NOT NULL, coalesce(d.oid, 0)
		FROM public.generation g LEFT JOIN pg_database d ON d.datname = $1`, w.name).Scan(&left, &closely, &live.Database)
	if err != nil {
		return live, false, fmt.Errorf("look which database is live: %w", err)
	}
	if left > 0 {
		live.FencedUntil = time.Now().Add(time.Duration(left * float64(time.Second)))
	}
	return live, closely, nil
}
