package main

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"payaid/internal/backup"
	"payaid/internal/metrics"
)

// measure adds the figures of everything that the process is made of.
func (a *app) measure() {
	a.measurePools()
	a.measureCache()
	a.measureJobs()
	a.measureBackups()
}

// measurePools adds the connections to PostgreSQL and Redis.
func (a *app) measurePools() {
	pools := map[string]*pgxpool.Pool{"main": a.db.Pool(), "cache": a.cacheDB.Pool()}
	each := func(of func(*pgxpool.Stat) float64) func() []metrics.Value {
		return func() []metrics.Value {
			var values []metrics.Value
			for name, pool := range pools {
				values = append(values, metrics.Value{Labels: []string{name}, Number: of(pool.Stat())})
			}
			return values
		}
	}
	pool := []string{"pool"}
	a.metrics.Read(metrics.Figure{Name: "db_connections_max", Help: "Connections to PostgreSQL that a pool may open.", Labels: pool}, each(func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) }))
	a.metrics.Read(metrics.Figure{Name: "db_connections_in_use", Help: "Connections to PostgreSQL that are lent out.", Labels: pool}, each(func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) }))
	a.metrics.Read(metrics.Figure{Name: "db_connections_idle", Help: "Connections to PostgreSQL that wait for work.", Labels: pool}, each(func(s *pgxpool.Stat) float64 { return float64(s.IdleConns()) }))
	a.metrics.Read(metrics.Figure{Name: "db_acquires_total", Help: "Times that a connection was asked for.", Grows: true, Labels: pool}, each(func(s *pgxpool.Stat) float64 { return float64(s.AcquireCount()) }))
	a.metrics.Read(metrics.Figure{Name: "db_acquire_wait_seconds_total", Help: "Time spent waiting for a connection while none was free.", Grows: true, Labels: pool}, each(func(s *pgxpool.Stat) float64 { return s.EmptyAcquireWaitTime().Seconds() }))
	a.metrics.Read(metrics.Figure{Name: "db_acquires_given_up_total", Help: "Times that a request ended before a connection was free.", Grows: true, Labels: pool}, each(func(s *pgxpool.Stat) float64 { return float64(s.CanceledAcquireCount()) }))

	session := func(of func(*redis.PoolStats) uint32) func() []metrics.Value {
		return func() []metrics.Value {
			return []metrics.Value{{Labels: []string{"session"}, Number: float64(of(a.redis.PoolStats()))}}
		}
	}
	a.metrics.Read(metrics.Figure{Name: "redis_connections", Help: "Open connections to Redis.", Labels: pool}, session(func(s *redis.PoolStats) uint32 { return s.TotalConns }))
	a.metrics.Read(metrics.Figure{Name: "redis_timeouts_total", Help: "Times that no connection to Redis was free in time.", Grows: true, Labels: pool}, session(func(s *redis.PoolStats) uint32 { return s.Timeouts }))
}

// measureCache adds the counts that /admin/cache shows, of this replica.
func (a *app) measureCache() {
	one := func(read func() uint64) func() []metrics.Value {
		return func() []metrics.Value { return []metrics.Value{{Number: float64(read())}} }
	}
	a.metrics.Read(metrics.Figure{Name: "cache_reads_total", Help: "Reads through the cache by how they were answered; bypass: a write was under way or the cache is not to be used.", Grows: true, Labels: []string{"result"}}, func() []metrics.Value {
		s := a.cache.Stats()
		return []metrics.Value{
			{Labels: []string{"hit"}, Number: float64(s.Hits)}, {Labels: []string{"miss"}, Number: float64(s.Misses)}, {Labels: []string{"bypass"}, Number: float64(s.Bypasses)},
		}
	})
	a.metrics.Read(metrics.Figure{Name: "cache_stale_refused_total", Help: "Values that were there but older than a write, and so not used.", Grows: true}, one(func() uint64 { return a.cache.Stats().Stale }))
	a.metrics.Read(metrics.Figure{Name: "cache_failures_total", Help: "Calls that the Redis of the cache did not answer.", Grows: true}, one(func() uint64 { return a.cache.Stats().Failures }))
	a.metrics.Read(metrics.Figure{Name: "cache_fences_total", Help: "Times that a write had to switch the cache off.", Grows: true}, one(func() uint64 { return a.cache.Stats().Fences }))
	a.metrics.Read(metrics.Figure{Name: "cache_relayed_total", Help: "Writes ended for a writer that did not.", Grows: true}, one(func() uint64 { return a.cache.Stats().Relayed }))
}

// measureJobs adds the queue, which all processes share.
func (a *app) measureJobs() {
	a.metrics.ReadSlowly(metrics.Figure{Name: "jobs", Help: "Background jobs of the installation by their state.", Labels: []string{"state"}}, func(ctx context.Context) ([]metrics.Value, error) {
		counts, err := a.jobs.Counts(ctx)
		var values []metrics.Value
		for state, n := range counts {
			values = append(values, metrics.Value{Labels: []string{state}, Number: float64(n)})
		}
		return values, err
	})
	a.metrics.ReadSlowly(metrics.Figure{Name: "jobs_oldest_waiting_seconds", Help: "How long the job that has waited longest could have been worked; 0 when none waits."}, func(ctx context.Context) ([]metrics.Value, error) {
		waiting, err := a.jobs.OldestWaiting(ctx)
		return []metrics.Value{{Number: waiting.Seconds()}}, err
	})
}

// measureBackups adds how well the backups are, as the banner and the mails tell it.
func (a *app) measureBackups() {
	at := func(t time.Time) []metrics.Value {
		if t.IsZero() {
			return nil
		}
		return []metrics.Value{{Number: float64(t.Unix())}}
	}
	a.metrics.ReadSlowly(metrics.Figure{Name: "backup_newest_verified_timestamp_seconds", Help: "When the newest verified backup was begun; missing while there is none."}, func(ctx context.Context) ([]metrics.Value, error) {
		h, err := a.desk.RecentHealth(ctx)
		return at(h.Newest), err
	})
	a.metrics.ReadSlowly(metrics.Figure{Name: "backup_newest_proven_timestamp_seconds", Help: "When the newest backup was begun that a drill restored; missing while there is none."}, func(ctx context.Context) ([]metrics.Value, error) {
		h, err := a.desk.RecentHealth(ctx)
		return at(h.Proven), err
	})
	a.metrics.ReadSlowly(metrics.Figure{Name: "backup_problems", Help: "1 for what is wrong with the backups: overdue, night (the last scheduled one failed), drill (the last one failed).", Labels: []string{"kind"}}, func(ctx context.Context) ([]metrics.Value, error) {
		h, err := a.desk.RecentHealth(ctx)
		var values []metrics.Value
		for _, kind := range []string{backup.WrongOverdue, backup.WrongNight, backup.WrongDrill} {
			v := metrics.Value{Labels: []string{kind}}
			if slices.ContainsFunc(h.Wrong, func(w backup.Wrong) bool { return w.Kind == kind }) {
				v.Number = 1
			}
			values = append(values, v)
		}
		return values, err
	})
}
