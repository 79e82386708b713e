// Package jobs runs work in the background: River on the application's own
// PostgreSQL, so that a job is enqueued in the transaction that causes it and is
// worked by whichever replica is free.
//
// An area defines a job as a struct of arguments and a method that works it; it
// need not know River.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"payaid/db"
)

// ErrMore is returned by a job that has more to do: it is started again at once,
// with a fresh time limit, and counts as no failure.
var ErrMore = errors.New("jobs: more to do")

const (
	// TimeLimit bounds one run of a job. A longer job works in slices and
	// returns ErrMore.
	TimeLimit = 90 * time.Second
	// SliceLimit is when a job in slices ought to return ErrMore.
	SliceLimit = 45 * time.Second

	maxAttempts = 6
	// cancelledLife is how long a cancelled job can still be looked at and retried:
	// those that a restore brought back are cancelled for a person to decide.
	cancelledLife = 7 * 24 * time.Hour
	// rescueAfter is when the job of a killed process is given to another one.
	rescueAfter = TimeLimit + 30*time.Second
)

// Workers says which function works which job.
type Workers struct{ river *river.Workers }

// NewWorkers returns an empty set.
func NewWorkers() *Workers { return &Workers{river: river.NewWorkers()} }

// Add lets work handle the jobs with arguments T. last tells that a failure will
// not be tried again.
func Add[T river.JobArgs](w *Workers, work func(ctx context.Context, args T, last bool) error) {
	river.AddWorker(w.river, river.WorkFunc(func(ctx context.Context, job *river.Job[T]) error {
		err := work(ctx, job.Args, job.Attempt >= job.MaxAttempts)
		if errors.Is(err, ErrMore) {
			return river.JobSnooze(0)
		}
		return err
	}))
}

// AddLong is Add for a job that may take up to limit in one run. A failure is
// tried again only by whoever enqueues it.
func AddLong[T river.JobArgs](w *Workers, limit time.Duration, work func(ctx context.Context, args T) error) {
	river.AddWorker(w.river, &longWorker[T]{limit: limit, work: work})
}

type longWorker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	limit time.Duration
	work  func(ctx context.Context, args T) error
}

// Work implements river.Worker.
func (w *longWorker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	return w.work(ctx, job.Args)
}

// Timeout implements river.Worker.
func (w *longWorker[T]) Timeout(*river.Job[T]) time.Duration { return w.limit }

// Periodic is a job that the whole installation runs once in each interval.
type Periodic struct {
	Every time.Duration
	Args  river.JobArgs
	// Queue is "" for the one that every worker works. Any other is worked by those
	// with it in Options.Queue, one job at a time; while one waits or runs there no
	// second one is enqueued, and each has one attempt.
	Queue string
}

// open are the states of a job that is not finished.
var open = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

func (p Periodic) insert() (river.JobArgs, *river.InsertOpts) {
	if p.Queue == "" {
		return p.Args, nil
	}
	return p.Args, &river.InsertOpts{Queue: p.Queue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByQueue: true, ByState: open}}
}

// Options say what a Client does besides inserting jobs.
type Options struct {
	Workers  *Workers   // nil: this process only inserts jobs
	Periodic []Periodic // kept by one replica at a time; the same in every process that works
	Queue    string     // worked besides the ordinary one; "" for none
	Tracked  []Tracker  // the jobs that keep a progress row
	Log      *slog.Logger
	// Observe is told of each run of a job when it ends; nil tells nobody.
	Observe func(kind, outcome string, took time.Duration)
}

// Client inserts and works jobs.
type Client struct {
	*river.Client[pgx.Tx]
	db       *db.DB
	trackers []Tracker
	now      func() time.Time
	works    bool
	holder   *holder // nil when it does not work
}

// New returns a client on d; Start begins to work.
func New(d *db.DB, o Options) (*Client, error) {
	client := &Client{db: d, trackers: o.Tracked, now: time.Now, works: o.Workers != nil}
	cfg := &river.Config{
		Schema: db.JobsSchema, Logger: o.Log, MaxAttempts: maxAttempts,
		JobTimeout: TimeLimit, RescueStuckJobsAfter: rescueAfter, CancelledJobRetentionPeriod: cancelledLife,
	}
	if client.works {
		if len(o.Tracked) > 0 {
			Add(o.Workers, func(ctx context.Context, _ sweepArgs, _ bool) error { return client.Sweep(ctx) })
			o.Periodic = append(slices.Clone(o.Periodic), Periodic{Every: sweepEvery, Args: sweepArgs{}})
		}
		cfg.Workers = o.Workers.river
		if o.Observe != nil {
			cfg.Middleware = append(cfg.Middleware, river.WorkerMiddlewareFunc(observed(o.Observe)))
		}
		cfg.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}}
		if o.Queue != "" {
			cfg.Queues[o.Queue] = river.QueueConfig{MaxWorkers: 1}
		}
		for _, p := range o.Periodic {
			cfg.PeriodicJobs = append(cfg.PeriodicJobs, river.NewPeriodicJob(river.PeriodicInterval(p.Every), p.insert, &river.PeriodicJobOpts{RunOnStart: true}))
		}
	}
	var err error
	if client.Client, err = river.NewClient(riverpgxv5.New(d.Pool()), cfg); err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	if client.works {
		client.holder = &holder{queue: client.Client, log: o.Log, wishes: make(chan bool, 1), stop: func() {}}
	}
	return client, nil
}

// Start begins to work until Stop, if there are workers.
func (c *Client) Start(ctx context.Context) error {
	if !c.works {
		return nil
	}
	if err := c.Client.Start(ctx); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	hold, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.holder.stop = stop
	c.holder.finished.Go(func() { c.holder.keep(hold, ctx) })
	return nil
}

// Stop takes no new jobs and waits for running ones; those that still run when
// ctx ends are cancelled and tried again later.
func (c *Client) Stop(ctx context.Context) error {
	if !c.works {
		return nil
	}
	c.holder.end()
	if err := c.Client.Stop(ctx); err == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := c.StopAndCancel(hard); err != nil {
		return fmt.Errorf("stop the job queue: %w", err)
	}
	return nil
}
