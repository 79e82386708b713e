// Command bench measures PayAid over HTTP against the least possible server for the
// same answers, in the same run on the same machine, so that its figures are ratios
// and mean something on any machine. docs/performance.md says how to read them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := mainly(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what a run is told.
type options struct {
	sizes  []int
	rounds int
	each   time.Duration
	only   string
	dir    string
	out    string
}

func mainly(ctx context.Context) error {
	if os.Getenv(rawAddr) != "" {
		return serveRaw(ctx)
	}
	sizes := flag.String("contacts", envOr("BENCH_CONTACTS", "100000"), "how many contacts, several numbers separated by commas")
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "how many times both sides are measured in turn; the median is shown")
	flag.DurationVar(&o.each, "each", time.Second, "how long one side is measured at a time")
	flag.StringVar(&o.only, "only", "", "only lines whose name holds this")
	flag.StringVar(&o.dir, "dir", os.Getenv("BENCH_DIR"), "keep the data here for the next run; removed at the end when absent")
	flag.StringVar(&o.out, "out", "", "write the results to this file, for -into")
	backups := flag.String("backups", "", "measure backups alone, and put the table into this document (docs/backup.md)")
	into := flag.String("into", "", "put the results of the named files into this document and measure nothing")
	flag.Parse()
	if *into != "" {
		return writeInto(*into, flag.Args())
	}
	for size := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || n < 20_000 {
			return fmt.Errorf("BENCH_CONTACTS: %q is not a number from 20000 on", size)
		}
		o.sizes = append(o.sizes, n)
	}
	if *backups != "" {
		return o.inDir(func(dir string) error { return o.writeBackups(ctx, dir, *backups) })
	}
	return o.inDir(func(dir string) error { return o.measureAll(ctx, dir) })
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// inDir gives fn the directory of the data, which is removed when nobody named it.
func (o options) inDir(fn func(dir string) error) (err error) {
	dir := o.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "payaid-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	return fn(dir)
}

func (o options) measureAll(ctx context.Context, dir string) (err error) {
	var all []results
	for _, n := range o.sizes {
		r, failed := o.measure(ctx, fmt.Sprintf("%s/%d", dir, n), n)
		all = append(all, r)
		if failed != nil {
			err = fmt.Errorf("with %d contacts: %w", n, failed)
			break
		}
	}
	if o.out == "" {
		return err
	}
	return errors.Join(err, write(o.out, all)) // what was measured before a failure is worth keeping
}

func write(name string, all []results) error {
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o600)
}

// results are what one run found out at one size.
type results struct {
	Contacts    int
	At          time.Time
	IdleMiB     float64
	LoadedMiB   float64 // after loads of up to LoadedConns connections
	LoadedConns int
	Figures     []figure
}

func (o options) measure(ctx context.Context, dir string, n int) (r results, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return r, err
	}
	fmt.Printf("making %d contacts, unless they are there\n", n)
	s, err := newStage(ctx, dir, n)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	r = results{Contacts: n, At: time.Now().UTC().Truncate(time.Second), IdleMiB: s.idleMiB}
	fmt.Printf("%d contacts; medians of %d turns of %s\n", n, o.rounds, o.each)
	fmt.Printf("%-44s %5s %9s %9s %9s %9s %9s %6s %6s\n", "", "conns", "a second", "p50 ms", "p99 ms", "CPU µs", "limit µs", "times", "aim")
	for _, l := range s.lines() {
		if !strings.Contains(l.name, o.only) {
			continue
		}
		for _, conns := range l.connsOr(1, 32, 256) {
			f, err := o.figure(ctx, s, l, conns, r.Figures)
			if err != nil {
				return r, fmt.Errorf("%s: %w", l.name, err)
			}
			r.Figures = append(r.Figures, f)
			f.print()
			if err := s.noteMemory(l, conns); err != nil {
				return r, err
			}
			r.LoadedMiB, r.LoadedConns = s.afterLoadMiB, s.afterLoadConns
		}
	}
	fmt.Printf("memory: %.0f MiB idle, %.0f MiB after %d connections\n", r.IdleMiB, r.LoadedMiB, r.LoadedConns)
	return r, nil
}

func (l line) connsOr(all ...int) []int {
	if l.conns != nil {
		return l.conns
	}
	return all
}

// figure measures both sides in turn, so that a busy moment of the machine hits both.
func (o options) figure(ctx context.Context, s *stage, l line, conns int, before []figure) (figure, error) {
	program := s.bare
	if l.cached {
		program = s.cached
	}
	var ours, limit []load
	for i := range o.rounds + 1 {
		a, err := drive(ctx, s.meter, program, conns, o.each, l.ours)
		if err != nil {
			return figure{}, err
		}
		var b load
		if l.raw != nil {
			if b, err = drive(ctx, s.meter, s.raw, conns, o.each, l.raw); err != nil {
				return figure{}, err
			}
		}
		if i > 0 { // the first turn warms up
			ours, limit = append(ours, a), append(limit, b)
		}
	}
	f := figure{Name: l.name, Conns: conns, Aim: l.aim, Against: l.against, Ours: sideOf(median(ours)), Limit: sideOf(median(limit))}
	for _, other := range before {
		if other.Name == l.against && other.Conns == conns {
			f.Limit = other.Ours
		}
	}
	if f.Limit.CPU > 0 {
		f.Ratio = f.Ours.CPU / f.Limit.CPU
	}
	return f, nil
}

func (f figure) print() {
	limit, times, aim := "", "", ""
	if f.Ratio > 0 {
		limit, times, aim = fmt.Sprintf("%.0f", f.Limit.CPU), fmt.Sprintf("%.2f", f.Ratio), fmt.Sprintf("%.1f", f.Aim)
	}
	fmt.Printf("%-44s %5d %9.0f %9.2f %9.2f %9.0f %9s %6s %6s   (%.0f + %.0f + %.0f)\n", f.Name, f.Conns, f.Ours.PerSecond, f.Ours.P50, f.Ours.P99, f.Ours.CPU, limit, times, aim,
		f.Ours.Program, f.Ours.Postgres, f.Ours.Redis)
}

// noteMemory notes what the program with the cache holds after the most connections
// that read from it.
func (s *stage) noteMemory(l line, conns int) (err error) {
	if l.name != keptList || conns < s.afterLoadConns {
		return nil
	}
	s.afterLoadConns = conns
	s.afterLoadMiB, err = resident(s.cached.pid())
	return err
}
